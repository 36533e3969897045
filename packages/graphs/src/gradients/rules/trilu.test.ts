import { test } from 'vitest';
import { expectGradient } from '../../../test/central-differences.ts';

test('Trilu passes the gradient of the triangle that it keeps', async () => {
  await expectGradient({
    build: (builder, inputs) => builder.node('Trilu', inputs, { upper: 0 }),
    inputs: [[2, 3, 3]],
  });
});
