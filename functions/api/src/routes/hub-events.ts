import { createRoute, z } from '@hono/zod-openapi';
import { receiveHubEvent, sameText } from '@hubfuse/service';
import { ApiError } from '../http/api-error.ts';
import { json, problems } from '../http/documented.ts';
import type { BadKeys } from '../http/identify.ts';
import { createRouter } from '../http/router.ts';
import { OpenObject } from '../schemas/common.ts';
import type { ApiServices } from '../services.ts';

const route = createRoute({
  method: 'post',
  path: '/v1/webhooks/huggingface',
  tags: ['webhooks'],
  summary: 'Where the Hub posts what happens to repositories',
  description: 'The delivery is put aside and worked off afterwards; repeating it changes nothing.',
  security: [],
  request: {
    headers: z.object({
      'x-webhook-secret': z
        .string()
        .max(500)
        .optional()
        .openapi({ description: 'The secret that the webhook was registered with.' }),
    }),
    body: { content: { 'application/json': { schema: OpenObject } }, required: true },
  },
  responses: {
    202: json(
      z.object({ status: z.enum(['waiting', 'ignored']) }).openapi('Reception'),
      'It was taken: it waits to be worked off, or concerns no recipe.',
    ),
    ...problems(422),
  },
});

/** What the Hub tells the service. */
export function hubEventRoutes(services: ApiServices, badKeys: BadKeys) {
  const { webhookSecret } = services;
  return createRouter().openapi(route, async (c) => {
    if (webhookSecret === undefined || !sameText(c.req.header('x-webhook-secret') ?? '', webhookSecret)) {
      throw badKeys.refusal(
        c,
        new ApiError({
          status: 401,
          code: 'auth/webhook-secret',
          message: 'this is not the secret that the webhook was registered with',
          headers: { 'www-authenticate': 'X-Webhook-Secret' },
        }),
      );
    }
    return c.json({ status: await receiveHubEvent(services, c.req.valid('json')) }, 202);
  });
}
