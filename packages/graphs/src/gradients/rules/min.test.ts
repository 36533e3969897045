import { test } from 'vitest';
import { expectGradient } from '../../../test/central-differences.ts';

test('Min passes gradients to both sides', async () => {
  await expectGradient({
    build: (builder, inputs) => builder.node('Min', inputs),
    inputs: [
      [2, 3],
      [2, 3],
    ],
  });
});

test('Min sums the gradient of what it broadcast', async () => {
  await expectGradient({
    build: (builder, inputs) => builder.node('Min', inputs),
    inputs: [
      [2, 1, 3],
      [4, 1],
    ],
  });
});
