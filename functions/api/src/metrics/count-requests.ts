import type { MiddlewareHandler } from 'hono';
import { matchedRoutes } from 'hono/route';
import type { ApiEnv } from '../http/api-env.ts';
import type { Principal } from '../http/principal.ts';
import type { Metrics } from './metrics.ts';

/** One line of the request log. Neither query nor headers: they may hold what nobody should read. */
export interface RequestLogEntry {
  /** ISO 8601. */
  time: string;
  id: string;
  method: string;
  path: string;
  status: number;
  milliseconds: number;
  /** Id of the key that asked. */
  key?: string;
}

/** Counts and logs every request. */
export function countRequests(options: {
  metrics: Metrics;
  log: ((entry: RequestLogEntry) => void) | undefined;
}): MiddlewareHandler<ApiEnv> {
  const { metrics, log } = options;
  return async function countingRequest(c, next) {
    const start = performance.now();
    await next();
    const milliseconds = performance.now() - start;
    const { method, path } = c.req;
    const { status } = c.res;
    const route = matchedRoutes(c).findLast((one) => one.method !== 'ALL')?.path ?? 'none';
    metrics.count({ method: KNOWN.has(method) ? method : 'other', route, status, seconds: milliseconds / 1000 });
    // Where a request was refused before anybody asked who it is from, there is no principal.
    const key = (c.get('principal') as Principal | undefined)?.key?.id;
    log?.({
      time: new Date().toISOString(),
      id: c.get('requestId'),
      method,
      path,
      status,
      milliseconds: Math.round(milliseconds),
      ...(key === undefined ? {} : { key }),
    });
  };
}

const KNOWN = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
