import { test } from 'vitest';
import { expectGradient } from '../../../test/central-differences.ts';

test('Reshape hands the gradient back in the shape of its input', async () => {
  await expectGradient({
    build: (builder, [input]) => builder.node('Reshape', [input, builder.constant('int64', [0, -1])]),
    inputs: [[2, 3, 4]],
  });
});
