import { test } from 'vitest';
import { expectGradient } from '../../../test/central-differences.ts';

test('PRelu has a gradient for its shared slope', async () => {
  await expectGradient({
    build: (builder, inputs) => builder.node('PRelu', inputs),
    inputs: [[4, 5], [1]],
  });
});

test('PRelu has a gradient for one slope per channel', async () => {
  await expectGradient({
    build: (builder, inputs) => builder.node('PRelu', inputs),
    inputs: [[4, 5], [5]],
  });
});
