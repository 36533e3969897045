import { test } from 'vitest';
import { expectGradient } from '../../../test/central-differences.ts';

test('the gradient of Neg is its derivative', async () => {
  await expectGradient({
    build: (builder, inputs) => builder.node('Neg', inputs),
    inputs: [[3, 5]],
  });
});
