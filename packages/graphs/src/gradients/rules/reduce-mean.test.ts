import { test } from 'vitest';
import { expectGradient } from '../../../test/central-differences.ts';

test('ReduceMean divides the gradient by the count', async () => {
  await expectGradient({
    build: (builder, [input]) => builder.node('ReduceMean', [input, builder.constant('int64', [0, -1])]),
    inputs: [[2, 3, 4]],
  });
});
