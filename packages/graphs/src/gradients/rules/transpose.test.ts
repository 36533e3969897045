import { test } from 'vitest';
import { expectGradient } from '../../../test/central-differences.ts';

test('Transpose turns the gradient back', async () => {
  await expectGradient({
    build: (builder, inputs) => builder.node('Transpose', inputs, { perm: [2, 0, 1] }),
    inputs: [[2, 3, 4]],
  });
});

test('Transpose without an order turns the gradient back', async () => {
  await expectGradient({
    build: (builder, inputs) => builder.node('Transpose', inputs),
    inputs: [[2, 3, 4]],
  });
});
