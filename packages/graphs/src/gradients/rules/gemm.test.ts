import { test } from 'vitest';
import { expectGradient } from '../../../test/central-differences.ts';

test('Gemm has gradients for rows, weight and bias as linear layers use it', async () => {
  await expectGradient({
    build: (builder, inputs) => builder.node('Gemm', inputs, { transB: 1 }),
    inputs: [[4, 3], [5, 3], [5]],
  });
});

test('Gemm without an addend has gradients for both matrices', async () => {
  await expectGradient({
    build: (builder, inputs) => builder.node('Gemm', inputs),
    inputs: [
      [4, 3],
      [3, 5],
    ],
  });
});

test('Gemm with its first matrix transposed and scaled has its gradients', async () => {
  await expectGradient({
    build: (builder, inputs) => builder.node('Gemm', inputs, { transA: 1, alpha: { float: 0.5 }, beta: { float: 2 } }),
    inputs: [
      [3, 4],
      [3, 5],
      [4, 1],
    ],
  });
});

test('Gemm with both matrices transposed has its gradients', async () => {
  await expectGradient({
    build: (builder, inputs) => builder.node('Gemm', inputs, { transA: 1, transB: 1 }),
    inputs: [
      [3, 4],
      [5, 3],
    ],
  });
});
