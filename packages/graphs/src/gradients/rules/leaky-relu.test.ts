import { test } from 'vitest';
import { expectGradient } from '../../../test/central-differences.ts';

test('LeakyRelu scales the gradient below zero', async () => {
  await expectGradient({
    build: (builder, inputs) => builder.node('LeakyRelu', inputs, { alpha: { float: 0.25 } }),
    inputs: [[4, 5]],
  });
});
