import { expect, test } from 'vitest';
import { composeBatches } from './compose-batches.ts';

/** Lengths and costs that look like data, from a congruence. */
function raced(examples: number, seed: number): { lengths: number[]; costs: number[] } {
  const draw = (index: number): number => ((index * 7919 + seed * 104_729) % 9973) / 9973;
  return {
    lengths: Array.from({ length: examples }, (_, index) => 4 + Math.floor(30 * draw(index))),
    costs: Array.from({ length: examples }, (_, index) => draw(index * 13 + 5)),
  };
}

test('every example is in exactly one batch, and no batch holds more tokens than allowed', () => {
  const datasets = [raced(300, 1), raced(77, 2)];
  const batches = composeBatches(datasets, 128);
  for (const [dataset, { lengths }] of datasets.entries()) {
    const own = batches.filter((batch) => batch.dataset === dataset);
    expect(own.flatMap(({ examples }) => examples).sort((a, b) => a - b)).toEqual([...lengths.keys()]);
    for (const { examples } of own) {
      const longest = Math.max(...examples.map((index) => lengths[index] ?? 0));
      expect(longest * examples.length).toBeLessThanOrEqual(128);
    }
  }
});

test('examples that cost most stand in the first batches, of whatever dataset they are', () => {
  const cheap = { lengths: new Array<number>(50).fill(10), costs: new Array<number>(50).fill(0.1) };
  const mixed = {
    lengths: new Array<number>(200).fill(10),
    costs: Array.from({ length: 200 }, (_, index) => (index % 10 === 0 ? 0.9 : 0)),
  };
  const batches = composeBatches([cheap, mixed], 50);
  const leading = batches.slice(0, 4).flatMap(({ dataset, examples }) => examples.map((index) => [dataset, index]));
  expect(leading.every(([dataset, index]) => dataset === 1 && (index ?? 1) % 10 === 0)).toBe(true);
  expect(batches.slice(4, 14).every(({ dataset }) => dataset === 0)).toBe(true);
});
