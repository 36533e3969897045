import { expect, test } from 'vitest';
import { planBatches } from './batches.ts';

const LENGTHS = Array.from({ length: 500 }, (_, index) => 3 + ((index * 7919) % 61));

test('every example is in exactly one batch', () => {
  const indices = planBatches(LENGTHS, 512).flatMap((batch) => batch.indices);
  expect(indices.toSorted((a, b) => a - b)).toEqual(LENGTHS.map((_, index) => index));
});

test('a batch never holds more tokens than allowed, nor more padding than an eighth', () => {
  for (const { indices, length } of planBatches(LENGTHS, 512)) {
    const tokens = indices.reduce((sum, index) => sum + (LENGTHS[index] ?? 0), 0);
    expect(indices.length * length).toBeLessThanOrEqual(512);
    expect(indices.length * length - tokens).toBeLessThanOrEqual((indices.length * length) / 8);
    expect(Math.max(...indices.map((index) => LENGTHS[index] ?? 0))).toBe(length);
  }
});

test('an example longer than a batch stands alone', () => {
  expect(planBatches([600, 2], 512)).toEqual([
    { indices: [0], length: 600 },
    { indices: [1], length: 2 },
  ]);
});

test('equal lengths keep the order of the dataset, so that the composition is fixed', () => {
  expect(planBatches([4, 4, 4, 4, 4], 8).map(({ indices }) => indices)).toEqual([[0, 1], [2, 3], [4]]);
});
