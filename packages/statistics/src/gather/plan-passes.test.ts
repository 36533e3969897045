import { ResourceError } from '@hubfuse/plugin';
import { expect, test } from 'vitest';
import type { MeasuredEntry } from '../measure.ts';
import { planPasses } from './plan-passes.ts';

const entry = (key: string, elements: number, outputBytes: number): MeasuredEntry => ({
  ...{ key, elements, outputBytes },
  aliases: [],
  shape: [elements],
  contributions: [],
});
// Eight bytes per sum and worker's outputs, beside sessions that keep 1500 bytes with runs of 200.
const measurement = { entries: [entry('a', 100, 400), entry('b', 100, 400), entry('c', 100, 400)], runBytes: 200 };
const sizes = { measurement, sessionBytes: 1500 };
/** What the process takes before anything else. */
const fixed = 320 * 2 ** 20;

test('what fits into memory is one pass', () => {
  const plan = planPasses({ ...sizes, memory: 2 ** 40, workers: 2 });
  expect(plan.passes.map((pass) => pass.map(({ key }) => key))).toEqual([['a', 'b', 'c']]);
  expect(plan).toMatchObject({ workers: 2, peakBytes: fixed + 2 * 1700 + 3 * (800 + 2 * 400) });
});

test('less memory means more passes in the order of the graph, and fewer workers, and is never exceeded', () => {
  const counts = new Set<number>();
  for (let memory = fixed + 2900; memory < fixed + 10_000; memory += 100) {
    const plan = planPasses({ ...sizes, memory, workers: 4 });
    counts.add(plan.passes.length);
    expect(plan.passes.flat().map(({ key }) => key)).toEqual(['a', 'b', 'c']);
    expect(plan.passes.every((pass) => pass.length > 0)).toBe(true);
    expect(plan.peakBytes).toBeLessThanOrEqual(memory);
    expect(plan.workers).toBeGreaterThanOrEqual(1);
  }
  expect(counts.size).toBeGreaterThan(1);
});

test('memory that not even one entry fits into is refused with what is needed', () => {
  const plan = () => planPasses({ ...sizes, memory: fixed + 2000, workers: 4 });
  expect(plan).toThrow(ResourceError);
  expect(plan).toThrow('a: gathering needs');
});
