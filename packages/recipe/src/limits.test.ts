import { expect, test } from 'vitest';
import { read, refusal } from '../test/reading.ts';
import { stricterLimits } from './run-limits.ts';

const limited = (limits: string) => `merge_method: linear\nmodels: [a/b, c/d]\nlimits: ${limits}\n`;

test('limits of time, memory, disk, runs and dollars are read with their units', () => {
  expect(read(limited('{time: 2h, memory: 8GiB, disk: 200GiB, runs_per_day: 20}')).limits).toEqual({
    seconds: 7200,
    memory: 8 * 2 ** 30,
    disk: 200 * 2 ** 30,
    runsPerDay: 20,
    usd: undefined,
    usdPerMonth: undefined,
  });
  expect(read(limited('{time: 90, memory: 1.5 GB, disk: 1_000_000}')).limits).toEqual({
    seconds: 90,
    memory: 1.5e9,
    disk: 1e6,
    runsPerDay: undefined,
    usd: undefined,
    usdPerMonth: undefined,
  });
  expect(read(limited('{usd: 0.5, usd_per_month: 20}')).limits).toMatchObject({ usd: 0.5, usdPerMonth: 20 });
  expect(read('merge_method: linear\nmodels: [a/b, c/d]\n').limits).toBeUndefined();
});

test.each([
  ['{time: soon}', 'recipe/wrong-type', 'a span of time'],
  ['{time: 0}', 'recipe/out-of-range', 'must be above 0'],
  ['{memory: 8Gigs}', 'recipe/wrong-type', 'a size'],
  ['{memory: 0}', 'recipe/out-of-range', 'must be above 0'],
  ['{disk: -1GB}', 'recipe/out-of-range', 'must be above 0'],
  ['{disk: [1]}', 'recipe/wrong-type', 'a size'],
  ['{runs_per_day: 0}', 'recipe/wrong-type', 'a whole number from 1'],
  ['{runs_per_day: 1.5}', 'recipe/wrong-type', 'a whole number from 1'],
  ['{usd: 0}', 'recipe/out-of-range', 'must be above 0'],
  ['{usd: $5}', 'recipe/wrong-type', 'a number'],
  ['{usd_per_month: -1}', 'recipe/out-of-range', 'must be above 0'],
  ['{times: 2h}', 'recipe/unknown-key', 'time'],
  ['2h', 'recipe/wrong-type', 'a mapping'],
])('the limits %s are refused', (limits, code, says) => {
  const error = refusal(limited(limits));
  expect(error.code).toBe(code);
  expect(error.message).toContain(says);
});

test('of two limits the stricter one holds, each for itself', () => {
  expect(stricterLimits({ seconds: 5, memory: 10 }, { seconds: 6, memory: 9, disk: 1 })).toEqual({
    seconds: 5,
    memory: 9,
    disk: 1,
  });
  expect(stricterLimits({ usd: 2, usdPerMonth: 9 }, { usd: 1 })).toEqual({ usd: 1, usdPerMonth: 9 });
  expect(stricterLimits({}, { seconds: undefined })).toEqual({});
});
