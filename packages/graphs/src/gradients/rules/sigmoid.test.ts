import { test } from 'vitest';
import { expectGradient } from '../../../test/central-differences.ts';

test('the gradient of Sigmoid is its derivative', async () => {
  await expectGradient({
    build: (builder, inputs) => builder.node('Sigmoid', inputs),
    inputs: [[3, 5]],
  });
});
