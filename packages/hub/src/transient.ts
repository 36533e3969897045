import { setTimeout as sleepFor } from 'node:timers/promises';
import type { HubError } from '@hubfuse/plugin';
import type { HubOptions } from './options.ts';
import { DEFAULT_RETRY, pauseBeforeRetry } from './retry.ts';

/** Thrown inside an attempt that may succeed when tried again. Never leaves this package. */
export class TransientFailure extends Error {
  /** A few words for the retry event: `503`, `the connection was cut`. */
  readonly reason: string;
  /** What to throw when there is no further attempt. */
  readonly final: HubError;
  /** Milliseconds that the server asked to wait. */
  readonly askedMs: number | undefined;
  /** The attempt got somewhere, so it does not count towards the end of the attempts. */
  progressed = false;

  constructor(input: { reason: string; final: HubError; askedMs?: number | undefined }) {
    super(input.reason);
    this.reason = input.reason;
    this.final = input.final;
    this.askedMs = input.askedMs;
  }
}

/** What depends on time and chance, so that tests can fix it. */
export interface Clock {
  now(): number;
  /** From 0 to 1. */
  random(): number;
  /** Rejects when the signal aborts. */
  sleep(ms: number, signal: AbortSignal | undefined): Promise<void>;
}

export const SYSTEM_CLOCK: Clock = {
  now: Date.now,
  random: Math.random,
  sleep: (ms, signal) => sleepFor(ms, undefined, signal === undefined ? {} : { signal }),
};

/**
 * Runs `attempt` until it succeeds, fails for good, or the attempts are used up; then throws the failure's `final`.
 * An attempt that progressed starts the count again; since progress is bounded by the work, so are the attempts.
 */
export async function withRetry<T>(input: {
  /** Method and shown address, for events. */
  request: string;
  options: HubOptions;
  clock: Clock;
  attempt(number: number): Promise<T>;
}): Promise<T> {
  const { request, options, clock } = input;
  const limits = { ...DEFAULT_RETRY, ...options.retry };
  for (let number = 1; ; number++) {
    options.signal?.throwIfAborted();
    try {
      return await input.attempt(number);
    } catch (failure) {
      options.signal?.throwIfAborted();
      if (!(failure instanceof TransientFailure)) throw failure;
      if (failure.progressed) number = 1;
      const pause = pauseBeforeRetry({
        attempt: number,
        limits,
        askedMs: failure.askedMs,
        random: clock.random(),
      });
      if (pause === undefined) throw failure.final;
      const pauseMs = Math.round(pause);
      const { reason } = failure;
      options.onProgress?.({ type: 'retry', request, attempt: number, attempts: limits.attempts, pauseMs, reason });
      await pauseFor(pauseMs, options.signal, clock);
    }
  }
}

/** Sleeps; throws the signal's own reason where it aborts meanwhile. */
export async function pauseFor(ms: number, signal: AbortSignal | undefined, clock: Clock): Promise<void> {
  try {
    await clock.sleep(ms, signal);
  } catch (cause) {
    signal?.throwIfAborted();
    throw cause;
  }
}
