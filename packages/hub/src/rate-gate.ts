import type { HubOptions } from './options.ts';
import { askedPause, DEFAULT_RETRY } from './retry.ts';
import { type Clock, pauseFor } from './transient.ts';

/**
 * Keeps requests back while a Hub's budget is used up. Hubs count API calls and file requests apart, so each has its
 * own gate.
 */
export class RateGate {
  readonly #opensAt = new Map<string, number>();
  readonly #options: HubOptions;
  readonly #clock: Clock;

  constructor(options: HubOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
  }

  /** Waits until a request to `address` may be sent. */
  async pass(address: string): Promise<void> {
    const pauseMs = (this.#opensAt.get(bucketOf(address)) ?? 0) - this.#clock.now();
    if (pauseMs > 0) await pauseFor(pauseMs, this.#options.signal, this.#clock);
  }

  /** Closes the gate where the response says that nothing more is allowed for now. */
  note(address: string, headers: Headers): void {
    const { exhausted, pauseMs } = askedPause(headers, this.#clock.now());
    if (!exhausted || pauseMs === undefined) return;
    const longest = this.#options.retry?.longestAskedPauseMs ?? DEFAULT_RETRY.longestAskedPauseMs;
    this.#opensAt.set(bucketOf(address), this.#clock.now() + Math.min(pauseMs, longest));
  }
}

function bucketOf(address: string): string {
  const { origin, pathname } = new URL(address);
  return `${origin} ${pathname.includes('/resolve/') ? 'files' : 'api'}`;
}
