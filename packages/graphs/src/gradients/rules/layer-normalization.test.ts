import { test } from 'vitest';
import { expectGradient } from '../../../test/central-differences.ts';

test('LayerNormalization has gradients for input, scale and bias', async () => {
  await expectGradient({
    build: (builder, inputs) => builder.node('LayerNormalization', inputs, { axis: -1, epsilon: { float: 0.01 } }),
    inputs: [[2, 3, 5], [5], [5]],
  });
});

test('LayerNormalization over two axes has its gradients', async () => {
  await expectGradient({
    build: (builder, inputs) => builder.node('LayerNormalization', inputs, { axis: 1, epsilon: { float: 0.01 } }),
    inputs: [
      [2, 3, 2],
      [3, 2],
    ],
  });
});
