import { test } from 'vitest';
import { expectGradient } from '../../../test/central-differences.ts';

test('the gradient of Softplus is its derivative', async () => {
  await expectGradient({
    build: (builder, inputs) => builder.node('Softplus', inputs),
    inputs: [[3, 5]],
  });
});
