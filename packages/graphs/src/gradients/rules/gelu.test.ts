import { test } from 'vitest';
import { expectGradient } from '../../../test/central-differences.ts';

test('the gradient of Gelu is its derivative', async () => {
  await expectGradient({
    build: (builder, inputs) => builder.node('Gelu', inputs),
    inputs: [[4, 6]],
  });
});

test('the gradient of Gelu by tanh is its derivative', async () => {
  await expectGradient({
    build: (builder, inputs) => builder.node('Gelu', inputs, { approximate: 'tanh' }),
    inputs: [[4, 6]],
  });
});
