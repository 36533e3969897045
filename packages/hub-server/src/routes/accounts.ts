import { Hono } from 'hono';
import type { Caller } from '../http/access.ts';
import { unauthorized } from '../http/errors.ts';
import { callerOf, type Hub, type HubEnv } from '../http/request.ts';
import { accountKey } from '../webhooks/event.ts';

/** `/api/whoami-v2`: the account behind a token. */
export function accountRoutes(hub: Hub): Hono<HubEnv> {
  const app = new Hono<HubEnv>();
  app.get('/api/whoami-v2', (c) => {
    const caller = callerOf(hub, c);
    if (caller === undefined) throw unauthorized();
    return c.json({
      type: 'user',
      id: accountKey(caller.name),
      name: caller.name,
      fullname: caller.name,
      email: `${caller.name}@users.noreply.hub`,
      emailVerified: true,
      canPay: false,
      periodEnd: null,
      isPro: false,
      avatarUrl: '',
      orgs: caller.orgs.map((name) => ({
        type: 'org',
        id: accountKey(name),
        name,
        fullname: name,
        email: null,
        canPay: false,
        periodEnd: null,
        avatarUrl: '',
        roleInOrg: 'write',
      })),
      auth: {
        type: 'access_token',
        accessToken: { displayName: caller.name, role: roleOf(caller), createdAt: new Date(0).toISOString() },
      },
    });
  });
  return app;
}

/** The Hub's `write` means one's own namespaces; a client would take it that others are closed. */
function roleOf({ everywhere, role }: Caller): string {
  return everywhere ? 'fineGrained' : role;
}
