import { test } from 'vitest';
import { expectGradient } from '../../../test/central-differences.ts';

test('Concat gives each input its piece of the gradient', async () => {
  await expectGradient({
    build: (builder, inputs) => builder.node('Concat', inputs, { axis: -2 }),
    inputs: [
      [2, 1, 3],
      [2, 3, 3],
      [2, 2, 3],
    ],
  });
});
