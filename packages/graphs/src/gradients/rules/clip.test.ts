import { test } from 'vitest';
import { expectGradient } from '../../../test/central-differences.ts';

test('Clip passes a gradient between its bounds and none beyond', async () => {
  await expectGradient({
    build: (builder, [input]) => builder.node('Clip', [input, builder.scalar(-1), builder.scalar(0.5)]),
    inputs: [[4, 5]],
  });
});
