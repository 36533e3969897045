import type { RetryLimits } from './options.ts';

export const DEFAULT_RETRY: RetryLimits = {
  attempts: 6,
  firstPauseMs: 500,
  longestPauseMs: 20_000,
  longestAskedPauseMs: 330_000,
};

/** Statuses that say "later": the same request may succeed. */
export function isTransientStatus(status: number): boolean {
  return status === 408 || status === 429 || (status >= 500 && status !== 501 && status !== 505);
}

/** What a server says about when to come back. */
export interface AskedPause {
  /** Milliseconds that it asks for; undefined where it does not say. */
  pauseMs: number | undefined;
  /** True where the budget of the window is used up, whatever the status. */
  exhausted: boolean;
}

/**
 * Reads `Retry-After` (seconds or a date) and `RateLimit` (`"api";r=0;t=55`: requests that remain and seconds until the
 * window ends, draft-ietf-httpapi-ratelimit-headers), or the older `RateLimit-Remaining` and `RateLimit-Reset`.
 */
export function askedPause(headers: Headers, now: number): AskedPause {
  const retryAfter = parseRetryAfter(headers.get('retry-after'), now);
  const window = parseRateLimit(headers);
  const exhausted = window !== undefined && window.remaining <= 0;
  const pauses = [retryAfter, exhausted ? window.resetMs : undefined].filter((pause) => pause !== undefined);
  return { pauseMs: pauses.length === 0 ? undefined : Math.max(...pauses), exhausted };
}

function parseRetryAfter(value: string | null, now: number): number | undefined {
  if (value === null) return undefined;
  if (/^\s*\d+(\.\d+)?\s*$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

function parseRateLimit(headers: Headers): { remaining: number; resetMs: number } | undefined {
  const items = (headers.get('ratelimit') ?? '').split(',').flatMap((item) => {
    const remaining = /;\s*r=(\d+)/.exec(item)?.[1];
    const reset = /;\s*t=(\d+)/.exec(item)?.[1];
    return remaining === undefined || reset === undefined
      ? []
      : [{ remaining: Number(remaining), resetMs: Number(reset) * 1000 }];
  });
  if (items.length > 0) {
    // Several windows may be stated; the one that is used up, or nearest to it, decides.
    return items.reduce((tightest, item) => (item.remaining < tightest.remaining ? item : tightest));
  }
  const [remaining, reset] = [headers.get('ratelimit-remaining'), headers.get('ratelimit-reset')];
  if (remaining === null || reset === null || !/^\d+$/.test(remaining) || !/^\d+$/.test(reset)) return undefined;
  return { remaining: Number(remaining), resetMs: Number(reset) * 1000 };
}

/**
 * Milliseconds to wait after the failed attempt number `attempt` (from 1): what the server asked for, else a pause that
 * doubles each time, with full jitter over its upper half so that many clients do not come back together.
 * Undefined: give up, because the attempts are used up or the server asks for more than `longestAskedPauseMs`.
 */
export function pauseBeforeRetry(input: {
  attempt: number;
  limits: RetryLimits;
  askedMs: number | undefined;
  /** From 0 to 1. */
  random: number;
}): number | undefined {
  const { attempt, limits, askedMs, random } = input;
  if (attempt >= limits.attempts) return undefined;
  const own = Math.min(limits.longestPauseMs, limits.firstPauseMs * 2 ** (attempt - 1));
  const jittered = own / 2 + (own / 2) * random;
  if (askedMs === undefined) return jittered;
  if (askedMs > limits.longestAskedPauseMs) return undefined;
  return Math.max(askedMs, jittered);
}
