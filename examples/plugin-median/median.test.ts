import { Registry } from '@hubfuse/plugin';
import { expect, test } from 'vitest';
import median from './median.js';

/** Runs the method over one tensor, whose values are given plainly. */
function merge(base: number[], models: number[][], lambda = 1): number[] {
  const { write } = median.program({ models: models.length, parameters: {}, modelParameters: [] });
  const out = new Float32Array(base.length);
  const parameters = { global: { lambda }, models: [] };
  const arrays = { base: Float32Array.from(base), models: models.map((model) => Float32Array.from(model)), out };
  write({ ...arrays, parameters } as unknown as Parameters<typeof write>[0], []);
  return [...out];
}

test('of an odd number of models the one in the middle decides, element by element', () => {
  expect(
    merge(
      [0, 1],
      [
        [1, 1],
        [2, 9],
        [100, 3],
      ],
    ),
  ).toEqual([2, 3]);
});

test('of an even number the mean of the two in the middle decides', () => {
  expect(merge([0], [[1], [2], [4], [100]])).toEqual([3]);
});

test('lambda scales the distance from the base', () => {
  expect(merge([10], [[12], [14], [16]], 0.5)).toEqual([12]);
});

test('models that equal the base change nothing', () => {
  expect(
    merge(
      [0.5, -3],
      [
        [0.5, -3],
        [0.5, -3],
      ],
    ),
  ).toEqual([0.5, -3]);
});

test('it registers as a plugin does', async () => {
  const registry = new Registry();
  await registry.loadPlugin('./median.js', import.meta.dirname);
  expect(registry.get('method', 'median').title).toBe(median.title);
});
