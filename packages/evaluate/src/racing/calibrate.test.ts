import { expect, test } from 'vitest';
import { calibrate } from './calibrate.ts';

/** Two labels: the logit of the first above the second, and how many of a hundred answers the first is right for. */
const answers = (margin: number, right: number) =>
  Array.from({ length: 100 }, (_, index) => ({ logits: Float32Array.of(margin, 0), right: index < right ? 0 : 1 }));

test('the softmax becomes as sure as the answers are right', () => {
  const factor = calibrate(answers(0.1, 80));
  expect(1 / (1 + Math.exp(-0.1 * factor))).toBeCloseTo(0.8, 6);
});

test('over several margins the likelihood of the right labels is the greatest', () => {
  const data = [...answers(0.2, 60), ...answers(0.5, 90), ...answers(1, 95)];
  const likelihood = (factor: number): number =>
    data.reduce((sum, { logits: [margin = 0], right }) => {
      const sure = 1 / (1 + Math.exp(-margin * factor));
      return sum + Math.log(right === 0 ? sure : 1 - sure);
    }, 0);
  const found = calibrate(data);
  expect(found).toBeGreaterThan(1);
  for (const other of [0.9, 0.99, 1.01, 1.1]) expect(likelihood(found * other)).toBeLessThan(likelihood(found));
});

test('a model that is surer than it is right keeps its probabilities', () => {
  expect(calibrate(answers(4, 80))).toBe(1);
  expect(calibrate(answers(1, 10))).toBe(1);
});

test('answers that are all right, or none at all, give a finite factor', () => {
  expect(Number.isFinite(calibrate(answers(0.1, 100)))).toBe(true);
  expect(Number.isFinite(calibrate([]))).toBe(true);
});
