import { createRoute, z } from '@hono/zod-openapi';
import type { Key } from '@hubfuse/service';
import { requireScope } from '../http/authenticate.ts';
import { json, problems } from '../http/documented.ts';
import { createRouter } from '../http/router.ts';
import { KeySchema, MadeKeySchema, NewKeyBody } from '../schemas/key.ts';
import type { ApiServices } from '../services.ts';

const tags = ['keys'];
const middleware = requireScope('admin');

const list = createRoute({
  method: 'get',
  path: '/v1/keys',
  tags,
  summary: 'List the keys, revoked ones included',
  responses: { 200: json(z.object({ items: z.array(KeySchema) }), 'The keys, without themselves.'), ...problems() },
  middleware,
});

const create = createRoute({
  method: 'post',
  path: '/v1/keys',
  tags,
  summary: 'Make a key',
  description: 'On a server of this machine that wanted no key so far, every request needs one from then on.',
  request: { body: { content: { 'application/json': { schema: NewKeyBody } }, required: true } },
  responses: { 201: json(MadeKeySchema, 'The key.'), ...problems(422) },
  middleware,
});

const revoke = createRoute({
  method: 'delete',
  path: '/v1/keys/{id}',
  tags,
  summary: 'Revoke a key; its sessions end with it',
  request: { params: z.object({ id: z.string().min(1).max(40) }) },
  responses: { 200: json(KeySchema, 'What is left of it.'), ...problems() },
  middleware,
});

export function keyRoutes({ keys }: ApiServices) {
  return createRouter()
    .openapi(list, async (c) => c.json({ items: (await keys.list()).map(keyView) }, 200))
    .openapi(create, async (c) => {
      const { id, key } = await keys.create(c.req.valid('json'));
      const made = await keys.get(id);
      if (made === undefined) throw new Error(`the key ${id} was made and is gone`);
      return c.json({ ...keyView(made), key }, 201);
    })
    .openapi(revoke, async (c) => c.json(keyView(await keys.revoke(c.req.valid('param').id)), 200));
}

function keyView(key: Key) {
  return { ...key, scopes: [...key.scopes], namespaces: [...key.namespaces], s3: [...key.s3] };
}
