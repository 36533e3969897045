import { test } from 'vitest';
import { expectGradient } from '../../../test/central-differences.ts';
import { array } from '../../../test/nd-array.ts';

test('the gradient of Sqrt is its derivative', async () => {
  await expectGradient({
    build: (builder, inputs) => builder.node('Sqrt', inputs),
    inputs: [array([6], (index) => 0.3 + index)],
  });
});
