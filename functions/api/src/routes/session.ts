import { createRoute, z } from '@hono/zod-openapi';
import { SCOPES } from '@hubfuse/service';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { ApiError } from '../http/api-error.ts';
import { csrfToken } from '../http/csrf.ts';
import { json, problems } from '../http/documented.ts';
import type { BadKeys } from '../http/identify.ts';
import type { Principal } from '../http/principal.ts';
import { createRouter } from '../http/router.ts';
import { SESSION_COOKIE, SESSION_SECONDS, type Sessions } from '../http/sessions.ts';
import type { ApiServices } from '../services.ts';

const SessionSchema = z
  .object({
    name: z.string().openapi({ description: 'Name of the key.' }),
    scopes: z.array(z.enum(['read', 'run', 'admin'])),
    namespaces: z.array(z.string()),
    by: z
      .enum(['key', 'session', 'nothing'])
      .openapi({ description: 'How the caller is known; `nothing`: no key is needed.' }),
    retention: z
      .object({ days: z.number().optional(), runs: z.int().optional() })
      .optional()
      .openapi({ description: 'Days for which runs that have ended are kept, and how many of them. Absent: all are.' }),
    csrf: z.string().optional().openapi({ description: 'Goes along as `X-CSRF-Token` with what changes something.' }),
  })
  .openapi('Session');

const begin = createRoute({
  method: 'post',
  path: '/v1/session',
  tags: ['sessions'],
  summary: "Exchange a key for a browser's cookie",
  description: 'The cookie is HttpOnly and SameSite=Strict and lasts twelve hours, or until the key is revoked.',
  security: [],
  request: {
    body: {
      content: { 'application/json': { schema: z.strictObject({ key: z.string().min(1).max(512) }) } },
      required: true,
    },
  },
  responses: { 200: json(SessionSchema, 'The session; the cookie is set.'), ...problems(422) },
});

const show = createRoute({
  method: 'get',
  path: '/v1/session',
  tags: ['sessions'],
  summary: 'Who is asking, and the word against forged requests',
  responses: { 200: json(SessionSchema, 'The caller.'), ...problems() },
});

const end = createRoute({
  method: 'delete',
  path: '/v1/session',
  tags: ['sessions'],
  summary: 'End the session',
  responses: { 204: { description: 'There is no session any more.' }, ...problems() },
});

export function sessionRoutes(
  { keys, retention }: ApiServices,
  { sessions, badKeys }: { sessions: Sessions; badKeys: BadKeys },
) {
  return createRouter()
    .openapi(begin, async (c) => {
      const key = await keys.verify(c.req.valid('json').key);
      if (key === undefined) {
        throw badKeys.refusal(
          c,
          new ApiError({
            status: 401,
            code: 'auth/bad-key',
            message: 'the server does not know this key',
            headers: { 'www-authenticate': 'Bearer realm="hubfuse"' },
          }),
        );
      }
      const token = await sessions.begin(key.id);
      setCookie(c, SESSION_COOKIE, token, {
        httpOnly: true,
        sameSite: 'Strict',
        path: '/',
        maxAge: SESSION_SECONDS,
        secure: new URL(c.req.url).protocol === 'https:' || c.req.header('x-forwarded-proto') === 'https',
      });
      return c.json({ ...sessionView({ key, by: 'session' }), csrf: csrfToken(token) }, 200);
    })
    .openapi(show, (c) => {
      const principal = c.get('principal');
      const cookie = getCookie(c, SESSION_COOKIE);
      const csrf = principal.by === 'session' && cookie !== undefined ? { csrf: csrfToken(cookie) } : {};
      return c.json({ ...sessionView(principal), ...csrf }, 200);
    })
    .openapi(end, async (c) => {
      const cookie = getCookie(c, SESSION_COOKIE);
      if (cookie !== undefined) await sessions.end(cookie);
      deleteCookie(c, SESSION_COOKIE, { path: '/' });
      return c.body(null, 204);
    });

  function sessionView({ key, by }: Principal) {
    const { name, scopes, namespaces } = key ?? { name: 'local', scopes: SCOPES, namespaces: ['*'] };
    const kept = retention === undefined ? {} : { retention: { ...retention } };
    return { name, scopes: [...scopes], namespaces: [...namespaces], by, ...kept };
  }
}
