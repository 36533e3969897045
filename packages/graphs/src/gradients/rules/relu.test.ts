import { test } from 'vitest';
import { expectGradient } from '../../../test/central-differences.ts';

test('the gradient of Relu is its derivative', async () => {
  await expectGradient({
    build: (builder, inputs) => builder.node('Relu', inputs),
    inputs: [[3, 5]],
  });
});
