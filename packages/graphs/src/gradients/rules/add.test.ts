import { test } from 'vitest';
import { expectGradient } from '../../../test/central-differences.ts';

test('Add passes gradients to both sides', async () => {
  await expectGradient({
    build: (builder, inputs) => builder.node('Add', inputs),
    inputs: [
      [2, 3],
      [2, 3],
    ],
  });
});

test('Add sums the gradient of what it broadcast', async () => {
  await expectGradient({
    build: (builder, inputs) => builder.node('Add', inputs),
    inputs: [
      [2, 1, 3],
      [4, 1],
    ],
  });
});

test('a value that is used twice gets both gradients', async () => {
  await expectGradient({
    build: (builder, [input]) => builder.node('Add', [input, builder.node('Tanh', [input])]),
    inputs: [[3]],
  });
});
