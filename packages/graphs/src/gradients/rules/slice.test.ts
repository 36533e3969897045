import { test } from 'vitest';
import { expectGradient } from '../../../test/central-differences.ts';

test('Slice puts the gradient at its place among zeros', async () => {
  await expectGradient({
    build: (builder, [input]) =>
      builder.node('Slice', [
        input,
        builder.constant('int64', [1, 0]),
        builder.constant('int64', [-1, 2]),
        builder.constant('int64', [2, 0]),
      ]),
    inputs: [[3, 2, 5]],
  });
});
