import { test } from 'vitest';
import { expectGradient } from '../../../test/central-differences.ts';

test('the gradient of Exp is its derivative', async () => {
  await expectGradient({
    build: (builder, inputs) => builder.node('Exp', inputs),
    inputs: [[3, 5]],
  });
});
