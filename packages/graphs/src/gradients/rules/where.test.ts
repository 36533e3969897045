import { test } from 'vitest';
import { expectGradient } from '../../../test/central-differences.ts';

test('Where passes each gradient to the side that was taken', async () => {
  await expectGradient({
    build: (builder, [a, b]) => builder.node('Where', [builder.node('Greater', [a, builder.scalar(0.5)]), a, b]),
    inputs: [[3, 4], [4]],
  });
});
