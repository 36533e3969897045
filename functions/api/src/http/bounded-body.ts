import type { MiddlewareHandler } from 'hono';
import type { ApiEnv } from './api-env.ts';
import { ApiError } from './api-error.ts';

/** Bounds of what a client may send. */
export interface BodyBounds {
  /** Most bytes of a body. */
  bytes: number;
  /** Milliseconds within which a body must have come. */
  milliseconds: number;
}

/** Reads a body whole before anything looks at it, and refuses one that is too large or too slow. */
export function boundedBody(bounds: BodyBounds): MiddlewareHandler<ApiEnv> {
  return async function boundingBody(c, next) {
    const { raw, method } = c.req;
    if (method === 'GET' || method === 'HEAD' || raw.body === null) return await next();
    if (Number(c.req.header('content-length') ?? 0) > bounds.bytes) throw tooLarge(bounds);
    const body = await readWithin(raw.body, bounds);
    c.req.raw = new Request(raw.url, { method, headers: raw.headers, body, signal: raw.signal });
    await next();
  };
}

async function readWithin(body: ReadableStream<Uint8Array>, bounds: BodyBounds): Promise<Uint8Array<ArrayBuffer>> {
  const reader = body.getReader();
  let expired = false;
  const timer = setTimeout(() => {
    expired = true;
    reader.cancel().catch(() => undefined);
  }, bounds.milliseconds);
  const pieces: Uint8Array[] = [];
  let size = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (expired) throw tooSlow(bounds);
      if (done) return Buffer.concat(pieces);
      size += value.byteLength;
      if (size > bounds.bytes) throw tooLarge(bounds);
      pieces.push(value);
    }
  } catch (cause) {
    if (cause instanceof ApiError) throw cause;
    throw new ApiError({ status: 400, code: 'request/cut', message: 'the body ended before it was whole', cause });
  } finally {
    clearTimeout(timer);
    reader.cancel().catch(() => undefined);
  }
}

function tooLarge({ bytes }: BodyBounds): ApiError {
  return new ApiError({
    status: 413,
    code: 'request/too-large',
    message: `a body may have ${bytes} bytes at most`,
    headers: { connection: 'close' },
  });
}

function tooSlow({ milliseconds }: BodyBounds): ApiError {
  return new ApiError({
    status: 408,
    code: 'request/too-slow',
    message: `a body must come within ${milliseconds / 1000} seconds`,
    headers: { connection: 'close' },
  });
}
