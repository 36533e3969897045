import { ApiError } from './api-error.ts';

/** How many may wait for each one that works. */
const WAITING = 8;

/** Lets a few in at once and a few wait; the rest is to come again. */
export class Turnstile {
  readonly #places: number;
  readonly #waiting: (() => void)[] = [];
  #inside = 0;

  constructor(places: number) {
    this.#places = places;
  }

  async pass<T>(work: () => Promise<T>): Promise<T> {
    if (this.#inside >= this.#places) {
      if (this.#waiting.length >= WAITING * this.#places) {
        throw new ApiError({
          status: 429,
          code: 'request/busy',
          message: 'the server does as much of this as it may',
          headers: { 'retry-after': '5' },
        });
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else this.#inside++;
    try {
      return await work();
    } finally {
      // The place goes to the next one, or is free.
      const next = this.#waiting.shift();
      if (next === undefined) this.#inside--;
      else next();
    }
  }
}
