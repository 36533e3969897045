import { test } from 'vitest';
import { expectGradient } from '../../../test/central-differences.ts';

test('ReduceSum repeats the gradient along the axes that it summed', async () => {
  await expectGradient({
    build: (builder, [input]) => builder.node('ReduceSum', [input, builder.constant('int64', [1])], { keepdims: 0 }),
    inputs: [[2, 3, 4]],
  });
});

test('ReduceSum over everything repeats the gradient everywhere', async () => {
  await expectGradient({
    build: (builder, [input]) => builder.node('ReduceSum', [input], { keepdims: 0 }),
    inputs: [[2, 3]],
  });
});
