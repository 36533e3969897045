import { test } from 'vitest';
import { expectGradient } from '../../../test/central-differences.ts';

test('the gradient of Identity is its derivative', async () => {
  await expectGradient({
    build: (builder, inputs) => builder.node('Identity', inputs),
    inputs: [[3, 5]],
  });
});
