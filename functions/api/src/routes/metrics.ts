import { createRoute, z } from '@hono/zod-openapi';
import { requireScope } from '../http/authenticate.ts';
import { problems } from '../http/documented.ts';
import { createRouter } from '../http/router.ts';
import type { Metrics } from '../metrics/metrics.ts';

const TYPE = 'text/plain';

const route = createRoute({
  method: 'get',
  path: '/metrics',
  tags: ['service'],
  summary: 'Figures of this process for Prometheus',
  responses: {
    200: { description: "Prometheus' text format.", content: { [TYPE]: { schema: z.string() } } },
    ...problems(),
  },
  middleware: requireScope('read'),
});

export function metricsRoutes(metrics: Metrics) {
  return createRouter().openapi(route, async (c) =>
    c.text(await metrics.render(), 200, { 'content-type': `${TYPE}; version=0.0.4; charset=utf-8` }),
  );
}
