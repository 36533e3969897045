import { createRoute, z } from '@hono/zod-openapi';
import { createWebhook, deleteWebhook, type HubWebhook, listWebhooks } from '@hubfuse/hub';
import { recipeRepos } from '@hubfuse/service';
import { ApiError } from '../http/api-error.ts';
import { requireScope } from '../http/authenticate.ts';
import { json, problems } from '../http/documented.ts';
import { createRouter } from '../http/router.ts';
import type { ApiServices } from '../services.ts';

const tags = ['webhooks'];
const middleware = requireScope('admin');
const PATH = '/v1/webhooks/huggingface';

const Watched = z
  .object({ type: z.enum(['user', 'org', 'model', 'dataset', 'space']), name: z.string().min(1).max(200) })
  .openapi('WatchedItem');

const WebhookSchema = z
  .object({
    id: z.string(),
    url: z.string(),
    watched: z.array(Watched),
    domains: z.array(z.enum(['repo', 'discussion'])),
    disabled: z.boolean(),
  })
  .openapi('Webhook');

const list = createRoute({
  method: 'get',
  path: '/v1/webhooks',
  tags,
  summary: 'List the webhooks of the Hub that lead to this server',
  responses: { 200: json(z.object({ items: z.array(WebhookSchema) }), 'The webhooks.'), ...problems(422) },
  middleware,
});

const add = createRoute({
  method: 'post',
  path: '/v1/webhooks',
  tags,
  summary: "Register a webhook with the Hub, with this server's secret",
  description:
    'Without `watched` it watches everything that stored recipes name now: models, data and what they publish to.',
  request: {
    body: {
      content: {
        'application/json': { schema: z.strictObject({ watched: z.array(Watched).min(1).max(500).optional() }) },
      },
      required: true,
    },
  },
  responses: { 201: json(WebhookSchema, 'The webhook.'), ...problems(409, 422) },
  middleware,
});

const remove = createRoute({
  method: 'delete',
  path: '/v1/webhooks/{id}',
  tags,
  summary: 'Remove a webhook from the Hub',
  request: { params: z.object({ id: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/) }) },
  responses: { 204: { description: 'It is gone.' }, ...problems(409, 422) },
  middleware,
});

/** Webhooks of the server's account that lead here. Others of the account are neither shown nor touched. */
export function webhookRoutes(services: ApiServices) {
  const { hub: options, webhookSecret: secret } = services;
  return createRouter()
    .openapi(list, async (c) => c.json({ items: (await ours()).map(webhookView) }, 200))
    .openapi(add, async (c) => {
      const url = requireAddress();
      const watched = c.req.valid('json').watched ?? (await everythingNamed(services));
      return c.json(webhookView(await createWebhook({ url, watched, secret, options })), 201);
    })
    .openapi(remove, async (c) => {
      const { id } = c.req.valid('param');
      const known = (await ours()).some((webhook) => webhook.id === id);
      if (!known || !(await deleteWebhook({ id, options }))) {
        throw new ApiError({
          status: 404,
          code: 'service/unknown-webhook',
          message: `no webhook "${id}" leads here`,
          hint: 'GET /v1/webhooks lists them',
        });
      }
      return c.body(null, 204);
    });

  async function ours(): Promise<HubWebhook[]> {
    const url = requireAddress();
    return (await listWebhooks(options)).filter((webhook) => webhook.url === url);
  }

  function requireAddress(): string {
    const { publicUrl } = services;
    if (publicUrl !== undefined) return `${publicUrl.replace(/\/+$/, '')}${PATH}`;
    throw new ApiError({
      status: 409,
      code: 'service/no-public-url',
      message: 'the server does not know at which address the Hub reaches it',
      hint: 'start it with --public-url https://...',
    });
  }
}

async function everythingNamed({ recipes }: ApiServices) {
  const watched = new Map<string, { type: 'model' | 'dataset'; name: string }>();
  for (const { recipe } of await recipes.all()) {
    for (const { type, repo } of recipeRepos(recipe)) watched.set(`${type}:${repo}`, { type, name: repo });
    const target = recipe.publish?.hub?.repo;
    if (target !== undefined) watched.set(`model:${target}`, { type: 'model', name: target });
  }
  if (watched.size > 0) return [...watched.values()];
  throw new ApiError({
    status: 422,
    code: 'service/nothing-to-watch',
    message: 'no stored recipe names a repository',
    pointer: '/watched',
    hint: 'store a recipe first, or name what to watch',
  });
}

function webhookView({ id, url = '', watched, domains, disabled }: HubWebhook) {
  return { id, url, watched: watched.map((item) => ({ ...item })), domains: [...domains], disabled };
}
