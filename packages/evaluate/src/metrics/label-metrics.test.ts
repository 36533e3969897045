import { expect, test } from 'vitest';
import accuracy from './accuracy.ts';
import exactMatch from './exact-match.ts';
import macroF1 from './macro-f1.ts';
import matthews from './matthews.ts';
import microF1 from './micro-f1.ts';

const references = ['a', 'a', 'a', 'b', 'b', 'c'];
const predictions = ['a', 'a', 'b', 'b', 'c', 'd'];

test('accuracy is the share of right answers', () => {
  expect(accuracy.score(predictions, references)).toBe(3 / 6);
});

test('accuracy of labelled words counts words, not sentences', () => {
  expect(accuracy.score([['O', 'B-PER', 'O'], ['O']], [['O', 'O', 'O'], ['B-PER']])).toBe(2 / 4);
});

test('exact match counts examples whose whole answer is right', () => {
  expect(exactMatch.score(predictions, references)).toBe(3 / 6);
  const tags = [['O', 'B-PER'], ['O'], ['O', 'O']];
  expect(exactMatch.score([['O', 'B-PER'], ['B-PER'], ['O']], tags)).toBe(1 / 3);
});

test('macro F1 averages over every label that is predicted or true', () => {
  // a: 2*2/(2+3), b: 2*1/(2+2), c: 0, d (never true): 0; scikit-learn gives 0.325.
  expect(macroF1.score(predictions, references)).toBeCloseTo((0.8 + 0.5 + 0 + 0) / 4, 15);
});

test('micro F1 of single labels equals accuracy', () => {
  expect(microF1.score(predictions, references)).toBe(0.5);
});

test('Matthews correlation equals scikit-learn for two and for more labels', () => {
  // Two labels: TP 2, TN 1, FP 1, FN 0: (2*1 - 1*0) / sqrt(3*2*2*1) = 0.57735.
  expect(matthews.score(['a', 'b', 'b', 'b'], ['a', 'a', 'b', 'b'])).toBeCloseTo(1 / Math.sqrt(3), 15);
  // Hits 3 of 6, products 3*2 + 2*2 + 1*1 + 0*1 = 11: (18 - 11) / sqrt((36 - 10) * (36 - 14)).
  expect(matthews.score(predictions, references)).toBeCloseTo(7 / Math.sqrt(26 * 22), 15);
});

test('Matthews correlation is 0 where one side knows one label only', () => {
  expect(matthews.score(['a', 'a'], ['a', 'b'])).toBe(0);
});
