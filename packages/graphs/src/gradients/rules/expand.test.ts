import { test } from 'vitest';
import { expectGradient } from '../../../test/central-differences.ts';

test('Expand sums the gradient of what it repeated', async () => {
  await expectGradient({
    build: (builder, [input]) => builder.node('Expand', [input, builder.constant('int64', [2, 4, 3])]),
    inputs: [[4, 1]],
  });
});
