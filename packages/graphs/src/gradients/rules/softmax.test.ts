import { test } from 'vitest';
import { expectGradient } from '../../../test/central-differences.ts';

test('Softmax has its gradient along the last axis', async () => {
  await expectGradient({
    build: (builder, inputs) => builder.node('Softmax', inputs, { axis: -1 }),
    inputs: [[2, 3, 4]],
  });
});

test('Softmax has its gradient along another axis', async () => {
  await expectGradient({
    build: (builder, inputs) => builder.node('Softmax', inputs, { axis: 1 }),
    inputs: [[2, 3, 4]],
  });
});
