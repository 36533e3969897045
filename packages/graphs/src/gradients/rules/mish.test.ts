import { test } from 'vitest';
import { expectGradient } from '../../../test/central-differences.ts';

test('the gradient of Mish is its derivative', async () => {
  await expectGradient({
    build: (builder, inputs) => builder.node('Mish', inputs),
    inputs: [[3, 5]],
  });
});
