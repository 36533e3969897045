import { expect, test } from 'vitest';
import { didYouMean, nearest } from './suggest.ts';

test('a misspelt word finds the word that was meant', () => {
  expect(nearest('wieght', ['weight', 'density'])).toBe('weight');
  expect(nearest('tis', ['ties', 'slerp'])).toBe('ties');
});

test('an unrelated word is answered with what is known', () => {
  expect(didYouMean('banana', ['ties', 'slerp'])).toBe('known: ties, slerp');
});
