import { test } from 'vitest';
import { expectGradient } from '../../../test/central-differences.ts';

test('Squeeze gives the gradient its axes back', async () => {
  await expectGradient({
    build: (builder, [input]) => builder.node('Squeeze', [input, builder.constant('int64', [-2])]),
    inputs: [[2, 1, 3]],
  });
});
