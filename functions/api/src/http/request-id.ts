import { randomUUID } from 'node:crypto';
import type { MiddlewareHandler } from 'hono';
import type { ApiEnv } from './api-env.ts';

/** Names each request, by what the client calls it or by a name of our own; the answer repeats it. */
export const requestId: MiddlewareHandler<ApiEnv> = async function namingRequest(c, next) {
  const given = c.req.header('x-request-id');
  const id = given !== undefined && /^[A-Za-z0-9._-]{1,64}$/.test(given) ? given : randomUUID();
  c.set('requestId', id);
  await next();
  c.res.headers.set('x-request-id', id);
};
