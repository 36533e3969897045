import { test } from 'vitest';
import { expectGradient } from '../../../test/central-differences.ts';

test('the gradient of Erf is its derivative', async () => {
  await expectGradient({
    build: (builder, inputs) => builder.node('Erf', inputs),
    inputs: [[3, 5]],
  });
});
