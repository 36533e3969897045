import { test } from 'vitest';
import { expectGradient } from '../../../test/central-differences.ts';
import { array } from '../../../test/nd-array.ts';

test('the gradient of HardSwish is right below, between and above its bends', async () => {
  await expectGradient({
    build: (builder, inputs) => builder.node('HardSwish', inputs),
    inputs: [array([9], (index) => 1.1 * index - 4.5)],
  });
});
