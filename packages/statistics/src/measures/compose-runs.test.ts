import { expect, test } from 'vitest';
import { composeRuns } from './compose-runs.ts';

const LENGTHS = Array.from({ length: 500 }, (_, index) => 3 + ((index * 7919) % 61));
const tokensOf = (run: readonly number[], lengths: ArrayLike<number> = LENGTHS): number =>
  run.length * Math.max(...run.map((index) => lengths[index] ?? 0));

test('every example is in exactly one run, and no run is too large', () => {
  const runs = composeRuns(LENGTHS, 2048);
  expect(runs.flat().sort((a, b) => a - b)).toEqual(LENGTHS.map((_, index) => index));
  for (const run of runs) expect(tokensOf(run)).toBeLessThanOrEqual(2048);
});

test('few long examples are no run of their own, unless padding would cost more', () => {
  const short = new Array<number>(10).fill(60);
  expect(composeRuns([80, 80, ...short], 2048)).toHaveLength(1);
  expect(composeRuns([500, ...short.map(() => 5)], 2048)).toHaveLength(1 + 1);
});

test('an example longer than a run stands alone', () => {
  expect(composeRuns([600, 2], 512)).toEqual([[0], [1]]);
});

test('equal lengths keep the order of the data, so that the composition is fixed', () => {
  expect(composeRuns([4, 4, 4, 4, 4], 8).flat()).toEqual([0, 1, 2, 3, 4]);
  expect(composeRuns([], 8)).toEqual([]);
});
