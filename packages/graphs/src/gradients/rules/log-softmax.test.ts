import { test } from 'vitest';
import { expectGradient } from '../../../test/central-differences.ts';

test('LogSoftmax has its gradient along the last axis', async () => {
  await expectGradient({
    build: (builder, inputs) => builder.node('LogSoftmax', inputs, { axis: -1 }),
    inputs: [[2, 3, 4]],
  });
});

test('LogSoftmax has its gradient along another axis', async () => {
  await expectGradient({
    build: (builder, inputs) => builder.node('LogSoftmax', inputs, { axis: 1 }),
    inputs: [[2, 3, 4]],
  });
});
