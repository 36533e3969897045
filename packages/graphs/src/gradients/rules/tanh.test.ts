import { test } from 'vitest';
import { expectGradient } from '../../../test/central-differences.ts';

test('the gradient of Tanh is its derivative', async () => {
  await expectGradient({
    build: (builder, inputs) => builder.node('Tanh', inputs),
    inputs: [[3, 5]],
  });
});
