import type { Metric, Prediction } from '@hubfuse/plugin';
import { describe, expect, test } from 'vitest';
import accuracy from '../metrics/accuracy.ts';
import exactMatch from '../metrics/exact-match.ts';
import macroF1 from '../metrics/macro-f1.ts';
import matthews from '../metrics/matthews.ts';
import microF1 from '../metrics/micro-f1.ts';
import spanF1 from '../metrics/span-f1.ts';
import { Tally } from './tally.ts';

const LABELS = ['a', 'b', 'c', 'd', 'e'];
const TAGS = ['O', 'B-X', 'I-X', 'B-Y', 'I-Y'];

/** A reproducible stream of numbers in [0, 1). */
function stream(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function draw(metric: Metric, next: () => number): Prediction {
  if (metric.name !== 'f1') return LABELS[Math.floor(next() * LABELS.length)] ?? '';
  return Array.from({ length: 1 + Math.floor(next() * 6) }, () => TAGS[Math.floor(next() * TAGS.length)] ?? '');
}

/** Answers that are right at a given rate. */
function answer(metric: Metric, right: Prediction, next: () => number, skill: number): Prediction {
  if (next() < skill) return right;
  return typeof right === 'string' ? draw(metric, next) : right.map(() => TAGS[Math.floor(next() * TAGS.length)] ?? '');
}

/** As a plugin's metric that keeps no totals. */
const { totals: _, ...listed } = spanF1;

describe.each([
  { title: 'accuracy', metric: accuracy },
  { title: 'exact match', metric: exactMatch },
  { title: 'macro F1', metric: macroF1 },
  { title: 'micro F1', metric: microF1 },
  { title: 'span F1', metric: spanF1 },
  { title: 'span F1 without totals', metric: listed },
])('$title', ({ metric }) => {
  test('the bound never falls below the final score, bit for bit, at any point of any race', () => {
    expect(metric.monotone).toBe(true);
    for (let seed = 1; seed <= 60; seed++) {
      const next = stream(seed);
      const sizes = [1 + Math.floor(next() * 40), 1 + Math.floor(next() * 40)];
      const references = sizes.map((size) => Array.from({ length: size }, () => draw(metric, next)));
      const predictions = references.map((rights) => {
        const skill = next();
        return rights.map((right) => answer(metric, right, next, skill));
      });
      const tally = new Tally(metric, references);
      const bounds = [tally.mean];
      const order = sizes.flatMap((size, dataset) =>
        Array.from({ length: size }, (_, example) => ({ dataset, example })),
      );
      order.sort(
        (a, b) => ((a.example * 31 + a.dataset * 17 + seed) % 23) - ((b.example * 31 + b.dataset * 17 + seed) % 23),
      );
      for (const { dataset, example } of order) {
        tally.add(dataset, [{ example, prediction: predictions[dataset]?.[example] ?? '' }]);
        bounds.push(tally.mean);
      }
      const scores = references.map((rights, dataset) => metric.score(predictions[dataset] ?? [], rights));
      const final = scores.reduce((sum, score) => sum + score, 0) / scores.length;
      expect(tally.mean).toBe(final);
      for (const [step, bound] of bounds.entries()) {
        expect(bound, `seed ${seed}`).toBeGreaterThanOrEqual(final);
        if (step > 0) expect(bound).toBeLessThanOrEqual(bounds[step - 1] ?? 1);
      }
      expect(tally.examples).toBe(order.length);
    }
  });
});

test('a metric that better answers may lower is not declared monotone', () => {
  expect(matthews.monotone).toBeUndefined();
});
