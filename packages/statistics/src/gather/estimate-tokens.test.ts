import { expect, test } from 'vitest';
import { estimateTokens, guessTokens } from './estimate-tokens.ts';

test('tokens grow with the examples that were selected', () => {
  const examples = Array.from({ length: 100 }, () => ({
    input: 'how much is left on my account',
    labels: ['balance'],
  }));
  expect(estimateTokens(examples)).toBe(10 * estimateTokens(examples.slice(0, 10)));
});

test('a file that is not here is guessed by its size, and no higher than a limit allows', () => {
  expect(guessTokens(40_000, {})).toBe(10_000);
  expect(guessTokens(40_000, { limit: 10 })).toBe(5120);
  expect(guessTokens(40_000, { limit: 10, maxLength: 128 })).toBe(1280);
  expect(guessTokens(400, { limit: 10 })).toBe(100);
});
