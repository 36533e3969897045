import { test } from 'vitest';
import { expectGradient } from '../../../test/central-differences.ts';

test('MatMul of two matrices has gradients for both', async () => {
  await expectGradient({
    build: (builder, inputs) => builder.node('MatMul', inputs),
    inputs: [
      [2, 3],
      [3, 4],
    ],
  });
});

test('MatMul of stacks has gradients for both', async () => {
  await expectGradient({
    build: (builder, inputs) => builder.node('MatMul', inputs),
    inputs: [
      [2, 2, 3, 4],
      [2, 2, 4, 3],
    ],
  });
});

test('MatMul sums the gradient of a matrix that it repeats over a stack', async () => {
  await expectGradient({
    build: (builder, inputs) => builder.node('MatMul', inputs),
    inputs: [
      [2, 3, 4],
      [4, 2],
    ],
  });
});

test('MatMul sums the gradient of a stack that it repeats', async () => {
  await expectGradient({
    build: (builder, inputs) => builder.node('MatMul', inputs),
    inputs: [
      [2, 1, 3, 2],
      [3, 2, 4],
    ],
  });
});
