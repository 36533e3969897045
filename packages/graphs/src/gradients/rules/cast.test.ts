import { test } from 'vitest';
import { expectGradient } from '../../../test/central-differences.ts';
import type { Value } from '../../graph-builder.ts';

test('Cast to a float type passes the gradient', async () => {
  await expectGradient({
    build: (builder, [input]) => builder.widen(input as Value),
    inputs: [[2, 3]],
  });
});
