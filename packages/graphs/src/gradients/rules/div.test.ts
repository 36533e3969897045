import { test } from 'vitest';
import { expectGradient } from '../../../test/central-differences.ts';
import { array } from '../../../test/nd-array.ts';

test('Div passes gradients to dividend and divisor', async () => {
  await expectGradient({
    build: (builder, inputs) => builder.node('Div', inputs),
    inputs: [[2, 3], array([3], (index) => 0.5 + index)],
  });
});
