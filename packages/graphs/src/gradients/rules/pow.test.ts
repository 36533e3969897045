import { test } from 'vitest';
import { expectGradient } from '../../../test/central-differences.ts';

test('Pow has the gradient of its base', async () => {
  await expectGradient({
    build: (builder, [input]) => builder.node('Pow', [input, builder.scalar(3)]),
    inputs: [[2, 3]],
  });
});
