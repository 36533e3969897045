import { createRoute, z } from '@hono/zod-openapi';
import { ApiError } from '../http/api-error.ts';
import { json, problems } from '../http/documented.ts';
import { createRouter } from '../http/router.ts';
import type { ApiServices } from '../services.ts';

const Health = z.object({ status: z.literal('ok') }).openapi('Health');

const healthz = createRoute({
  method: 'get',
  path: '/healthz',
  tags: ['service'],
  summary: 'Whether the process lives',
  security: [],
  responses: { 200: json(Health, 'It does.'), ...problems() },
});

const readyz = createRoute({
  method: 'get',
  path: '/readyz',
  tags: ['service'],
  summary: 'Whether the service can work: its store answers, and it is not stopping',
  security: [],
  responses: { 200: json(Health, 'It can.'), ...problems() },
});

export function healthRoutes({ store, stopping }: ApiServices) {
  return createRouter()
    .openapi(healthz, (c) => c.json({ status: 'ok' as const }, 200))
    .openapi(readyz, async (c) => {
      if (stopping.aborted) throw notReady('the server is stopping');
      try {
        await store.list('', { limit: 1 });
      } catch (cause) {
        throw notReady('the store does not answer', cause);
      }
      return c.json({ status: 'ok' as const }, 200);
    });
}

function notReady(message: string, cause?: unknown): ApiError {
  return new ApiError({ status: 503, code: 'service/not-ready', message, cause, headers: { 'retry-after': '5' } });
}
