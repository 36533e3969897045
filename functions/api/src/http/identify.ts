import type { MiddlewareHandler } from 'hono';
import type { ApiContext, ApiEnv } from './api-env.ts';
import { ApiError } from './api-error.ts';
import { type RateLimiter, tooMany } from './rate-limit.ts';

/**
 * Whoever shows keys that are none is slowed down, by address. A good key opens from everywhere: a proxy may stand before
 * all clients, and nobody shall lock the others out.
 */
export class BadKeys {
  readonly #limiter: RateLimiter;

  constructor(limiter: RateLimiter) {
    this.#limiter = limiter;
  }

  /** @throws ApiError 429 where an address has guessed too often */
  check(c: ApiContext): void {
    const seconds = this.#limiter.wait(c.get('clientAddress'));
    if (seconds > 0) throw tooMany(seconds);
  }

  /** Remembers that an address showed a key that is none; what it is told. */
  refusal(c: ApiContext, error: ApiError): ApiError {
    const seconds = this.#limiter.take(c.get('clientAddress'));
    return seconds > 0 ? tooMany(seconds) : error;
  }
}

/** Where the Hub posts, with a secret of its own. */
const HUB_EVENTS = 'POST /v1/webhooks/huggingface';

/** Whether a request is a delivery of the Hub, which does not send again what was refused for coming too often. */
export function isDelivery(c: ApiContext): boolean {
  return `${c.req.method} ${c.req.path}` === HUB_EVENTS;
}

/** Routes that look themselves at who asks, as `METHOD path`. */
const UNAUTHENTICATED = new Set(['POST /v1/session', 'GET /v1/sign-in', HUB_EVENTS]);

/** Authenticates every request but those of a few routes, and slows down whoever guesses keys. */
export function identify(authenticate: MiddlewareHandler<ApiEnv>, badKeys: BadKeys): MiddlewareHandler<ApiEnv> {
  return async function identifying(c, next) {
    if (UNAUTHENTICATED.has(`${c.req.method} ${c.req.path}`)) return await next();
    try {
      await authenticate(c, async () => undefined);
    } catch (error) {
      throw error instanceof ApiError && error.code === 'auth/bad-key' ? badKeys.refusal(c, error) : error;
    }
    await next();
  };
}
