import { test } from 'vitest';
import { expectGradient } from '../../../test/central-differences.ts';

test('Gather adds the gradients of a row that is looked up more than once', async () => {
  await expectGradient({
    build: (builder, [table]) =>
      builder.node('Gather', [table, builder.constant('int64', [1, 3, 1, 0, -1, 1], [2, 3])]),
    inputs: [[4, 3]],
  });
});

test('Gather of one place along an inner axis gives the gradient to that place', async () => {
  await expectGradient({
    build: (builder, [input]) => builder.node('Gather', [input, builder.constant('int64', [0], [])], { axis: 1 }),
    inputs: [[2, 3, 4]],
  });
});

test('Gather of several places along an inner axis adds their gradients', async () => {
  await expectGradient({
    build: (builder, [input]) =>
      builder.node('Gather', [input, builder.constant('int64', [2, 0, 2, 1], [2, 2])], { axis: 1 }),
    inputs: [[2, 3, 4]],
  });
});
