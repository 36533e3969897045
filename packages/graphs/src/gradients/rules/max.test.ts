import { test } from 'vitest';
import { expectGradient } from '../../../test/central-differences.ts';

test('Max passes gradients to both sides', async () => {
  await expectGradient({
    build: (builder, inputs) => builder.node('Max', inputs),
    inputs: [
      [2, 3],
      [2, 3],
    ],
  });
});

test('Max sums the gradient of what it broadcast', async () => {
  await expectGradient({
    build: (builder, inputs) => builder.node('Max', inputs),
    inputs: [
      [2, 1, 3],
      [4, 1],
    ],
  });
});
