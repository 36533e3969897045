import { test } from 'vitest';
import { expectGradient } from '../../../test/central-differences.ts';

test('Unsqueeze takes the new axes off the gradient', async () => {
  await expectGradient({
    build: (builder, [input]) => builder.node('Unsqueeze', [input, builder.constant('int64', [0, -1])]),
    inputs: [[2, 3]],
  });
});
