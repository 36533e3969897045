import { expect, test } from 'vitest';
import { askedPause, DEFAULT_RETRY, isTransientStatus, pauseBeforeRetry } from './retry.ts';

const NOW = Date.parse('2026-01-01T00:00:00Z');
const asked = (headers: Record<string, string>) => askedPause(new Headers(headers), NOW).pauseMs;
const pause = (attempt: number, askedMs?: number, random = 1) =>
  pauseBeforeRetry({ attempt, limits: DEFAULT_RETRY, askedMs, random });

test('only statuses that say "later" are tried again', () => {
  expect([408, 429, 500, 502, 503, 504].every(isTransientStatus)).toBe(true);
  expect([200, 301, 400, 401, 403, 404, 409, 412, 416, 501].some(isTransientStatus)).toBe(false);
});

test('Retry-After is read in seconds and as a date', () => {
  expect(asked({ 'retry-after': '7' })).toBe(7000);
  expect(asked({ 'retry-after': 'Thu, 01 Jan 2026 00:00:09 GMT' })).toBe(9000);
  expect(asked({ 'retry-after': 'Wed, 31 Dec 2025 23:59:00 GMT' })).toBe(0);
  expect(asked({ 'retry-after': 'soon' })).toBeUndefined();
});

test('a used-up RateLimit window asks to wait for its end, in the Hub’s form and the older one', () => {
  expect(asked({ ratelimit: '"api";r=0;t=55' })).toBe(55_000);
  expect(asked({ ratelimit: '"api";r=12;t=55' })).toBeUndefined();
  expect(asked({ ratelimit: '"api";r=5;t=300, "resolvers";r=0;t=20' })).toBe(20_000);
  expect(asked({ 'ratelimit-remaining': '0', 'ratelimit-reset': '30' })).toBe(30_000);
});

test('of two answers the longer one is kept', () => {
  expect(asked({ 'retry-after': '5', ratelimit: '"api";r=0;t=60' })).toBe(60_000);
});

test('pauses double up to a bound, with jitter over the upper half', () => {
  expect([1, 2, 3].map((attempt) => pause(attempt))).toEqual([500, 1000, 2000]);
  expect(pause(3, undefined, 0)).toBe(1000);
  const many = { ...DEFAULT_RETRY, attempts: 100 };
  expect(pauseBeforeRetry({ attempt: 50, limits: many, askedMs: undefined, random: 1 })).toBe(many.longestPauseMs);
});

test('every retry has an end', () => {
  expect(pause(DEFAULT_RETRY.attempts)).toBeUndefined();
});

test('what the server asks for is kept, unless it is longer than anyone would wait', () => {
  expect(pause(1, 60_000)).toBe(60_000);
  expect(pause(1, 0)).toBe(500);
  expect(pause(1, DEFAULT_RETRY.longestAskedPauseMs + 1)).toBeUndefined();
});
