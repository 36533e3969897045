import type { Keys, Scope } from '@hubfuse/service';
import { sameText } from '@hubfuse/service';
import type { MiddlewareHandler } from 'hono';
import { getCookie } from 'hono/cookie';
import type { ApiContext, ApiEnv } from './api-env.ts';
import { ApiError } from './api-error.ts';
import { csrfToken } from './csrf.ts';
import { isLoopbackName } from './loopback.ts';
import { mayUse, type Principal } from './principal.ts';
import { SESSION_COOKIE, type Sessions } from './sessions.ts';

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Finds out who asks: a bearer key, a browser's session, or, where the server has no keys and is bound to this machine,
 * whoever can reach it. Requests that a browser may send by itself have to come from our own pages.
 */
export function authenticate(options: {
  keys: Pick<Keys, 'verify' | 'exist'>;
  sessions: Sessions;
  /** Whether the server is bound to a loopback address. */
  loopback: boolean;
}): MiddlewareHandler<ApiEnv> {
  return async function authenticating(c, next) {
    c.set('principal', await principalOf(c, options));
    await next();
  };
}

async function principalOf(
  c: ApiContext,
  { keys, sessions, loopback }: Parameters<typeof authenticate>[0],
): Promise<Principal> {
  const authorization = c.req.header('authorization');
  if (authorization !== undefined) {
    const [, key] = /^Bearer ([\x21-\x7e]{1,512})$/i.exec(authorization) ?? [];
    const known = key === undefined ? undefined : await keys.verify(key);
    if (known === undefined) throw unauthorised('auth/bad-key', 'the server does not know this key');
    return { key: known, by: 'key' };
  }
  const cookie = getCookie(c, SESSION_COOKIE);
  const session = cookie === undefined ? undefined : await sessions.find(cookie);
  if (cookie !== undefined && session !== undefined) {
    requireOwnPage(c);
    if (!SAFE.has(c.req.method) && !sameText(c.req.header('x-csrf-token') ?? '', csrfToken(cookie))) {
      throw new ApiError({
        status: 403,
        code: 'auth/csrf',
        message: 'a session may change something only with its X-CSRF-Token',
        hint: 'GET /v1/session returns it',
      });
    }
    return { key: session, by: 'session' };
  }
  if (!loopback || (await keys.exist())) {
    throw unauthorised('auth/no-key', 'the server wants to know who asks');
  }
  requireLocalName(c);
  requireOwnPage(c);
  return { by: 'nothing' };
}

function unauthorised(code: string, message: string): ApiError {
  return new ApiError({
    status: 401,
    code,
    message,
    hint: 'send "Authorization: Bearer hfk_..."; `hubfuse keys create` makes a key',
    headers: { 'www-authenticate': 'Bearer realm="hubfuse"' },
  });
}

/**
 * Without keys a server is open to this machine, not to a page of elsewhere whose name was made to lead here (DNS
 * rebinding): such a page's name stands in `Host`.
 */
function requireLocalName(c: ApiContext): void {
  const host = c.req.header('host') ?? new URL(c.req.url).host;
  if (isLoopbackName(host.replace(/:\d+$/, ''))) return;
  throw new ApiError({
    status: 403,
    code: 'auth/host',
    message: 'a server without keys answers to the names of this machine only',
    hint: 'use 127.0.0.1 or localhost, or make a key with `hubfuse keys create`',
  });
}

/** A browser says where a request comes from; a page of elsewhere may not use what the browser adds by itself. */
function requireOwnPage(c: ApiContext): void {
  if (SAFE.has(c.req.method)) return;
  const origin = c.req.header('origin');
  const site = c.req.header('sec-fetch-site');
  const foreign =
    site !== undefined ? !['same-origin', 'none'].includes(site) : origin !== undefined && !isOwn(c, origin);
  if (!foreign) return;
  throw new ApiError({
    status: 403,
    code: 'auth/foreign-page',
    message: 'a page of another site may not ask for this',
    hint: 'send a key as "Authorization: Bearer hfk_..."',
  });
}

function isOwn(c: ApiContext, origin: string): boolean {
  const host = c.req.header('host') ?? new URL(c.req.url).host;
  return URL.canParse(origin) && new URL(origin).host === host;
}

/** Lets a request through whose key has the scope. */
export function requireScope(scope: Scope): MiddlewareHandler<ApiEnv> {
  return async function scoped(c, next) {
    const principal = c.get('principal');
    if (!mayUse(principal, scope)) {
      throw new ApiError({
        status: 403,
        code: 'auth/scope',
        message: `the key "${principal.key?.name}" may not do this: it needs the scope "${scope}"`,
        hint: `make one with \`hubfuse keys create --scope ${scope}\``,
      });
    }
    await next();
  };
}
