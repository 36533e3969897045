import type { MiddlewareHandler } from 'hono';
import type { ApiContext, ApiEnv } from './api-env.ts';
import { ApiError } from './api-error.ts';

/** How often one client may ask. */
export interface RateLimit {
  /** Requests a second in the long run. */
  perSecond: number;
  /** Requests that may come at once. */
  burst: number;
}

/** Clients that are remembered at most; the ones that asked longest ago are forgotten first. */
const MOST_CLIENTS = 10_000;

/** Token buckets, one per client, in this process. */
export class RateLimiter {
  readonly #limit: RateLimit;
  readonly #now: () => number;
  readonly #buckets = new Map<string, { tokens: number; at: number }>();

  /** @param now Milliseconds. Default: a clock that never goes back. */
  constructor(limit: RateLimit, now: () => number = () => performance.now()) {
    this.#limit = limit;
    this.#now = now;
  }

  /** Takes one request; returns 0, or the seconds to wait where the client has used up its share. */
  take(client: string): number {
    const tokens = this.#tokens(client);
    const granted = tokens >= 1;
    this.#buckets.delete(client);
    this.#buckets.set(client, { tokens: granted ? tokens - 1 : tokens, at: this.#now() });
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size > MOST_CLIENTS && oldest !== undefined) this.#buckets.delete(oldest);
    return this.#secondsUntil(granted ? 1 : tokens);
  }

  /** Seconds that a client has to wait now; takes nothing. */
  wait(client: string): number {
    return this.#secondsUntil(this.#tokens(client));
  }

  #tokens(client: string): number {
    const { perSecond, burst } = this.#limit;
    const bucket = this.#buckets.get(client);
    if (bucket === undefined) return burst;
    return Math.min(burst, bucket.tokens + ((this.#now() - bucket.at) / 1000) * perSecond);
  }

  #secondsUntil(tokens: number): number {
    return tokens >= 1 ? 0 : Math.max(1, Math.ceil((1 - tokens) / this.#limit.perSecond));
  }
}

/** Refuses clients that ask too often. @param client What tells clients apart; undefined for whoever may ask as often as it likes. */
export function rateLimit(
  limiter: RateLimiter,
  client: (c: ApiContext) => string | undefined,
): MiddlewareHandler<ApiEnv> {
  return async function limitingRate(c, next) {
    const name = client(c);
    const seconds = name === undefined ? 0 : limiter.take(name);
    if (seconds > 0) throw tooMany(seconds);
    await next();
  };
}

export function tooMany(seconds: number): ApiError {
  return new ApiError({
    status: 429,
    code: 'request/too-many',
    message: 'this client asks too often',
    hint: `wait ${seconds} s`,
    headers: { 'retry-after': String(seconds) },
  });
}
