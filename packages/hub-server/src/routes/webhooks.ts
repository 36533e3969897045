import { Hono } from 'hono';
import { type Caller, requireWriter } from '../http/access.ts';
import { badRequest, HubRefusal } from '../http/errors.ts';
import { asString, callerOf, type Hub, type HubEnv, type HubRequest, jsonBody } from '../http/request.ts';
import { isRepoId } from '../storage/hub-store.ts';
import { Subscriptions, type WatchedItem, type Webhook } from '../webhooks/subscriptions.ts';

/** `/api/settings/webhooks`: subscriptions to events, as huggingface_hub makes them. */
export function webhookRoutes(hub: Hub): Hono<HubEnv> {
  const app = new Hono<HubEnv>();
  const base = '/api/settings/webhooks';

  app.get(base, async (c) => {
    const caller = requireWriter(callerOf(hub, c));
    const all = await hub.subscriptions.list();
    return c.json(all.filter((webhook) => webhook.owner === caller.name).map(shown));
  });

  app.post(base, async (c) => {
    const caller = requireWriter(callerOf(hub, c));
    const body = await jsonBody(c);
    const secret = asString(body.secret);
    const webhook: Webhook = {
      id: Subscriptions.newId(),
      ...(await effectOf(hub, body, caller)),
      watched: checkWatched(body.watched),
      domains: checkDomains(body.domains ?? ['repo', 'discussion']),
      ...(secret === undefined ? {} : { secret: checkSecret(secret) }),
      disabled: false,
      owner: caller.name,
      namespaces: namespacesOf(caller),
    };
    await hub.subscriptions.set(webhook);
    return c.json({ webhook: shown(webhook) });
  });

  app.get(`${base}/:id`, async (c) => c.json({ webhook: shown(await own(hub, c)) }));

  app.post(`${base}/:id`, async (c) => {
    const webhook = await own(hub, c);
    const body = await jsonBody(c);
    const next: Webhook = {
      ...webhook,
      ...(body.url === undefined || webhook.jobSourceId !== undefined ? {} : { url: checkUrl(body.url) }),
      // An empty list means "as it was" to huggingface_hub.
      ...(Array.isArray(body.watched) && body.watched.length > 0 ? { watched: checkWatched(body.watched) } : {}),
      ...(body.domains === undefined ? {} : { domains: checkDomains(body.domains) }),
      ...(typeof body.secret === 'string' ? { secret: checkSecret(body.secret) } : {}),
    };
    await hub.subscriptions.set(next);
    return c.json({ webhook: shown(next) });
  });

  app.post(`${base}/:id/:verb{enable|disable}`, async (c) => {
    const next = { ...(await own(hub, c)), disabled: c.req.param('verb') === 'disable' };
    await hub.subscriptions.set(next);
    return c.json({ webhook: shown(next) });
  });

  app.delete(`${base}/:id`, async (c) => {
    const { id } = await own(hub, c);
    await hub.subscriptions.delete(id);
    await hub.activity.forget(id);
    return c.json({});
  });

  // The Hub shows both on the page of a webhook's settings only, without a documented address.
  app.get(`${base}/:id/activity`, async (c) => {
    const { id } = await own(hub, c);
    return c.json({ deliveries: await hub.activity.list(id) });
  });

  app.post(`${base}/:id/activity/:delivery/replay`, async (c) => {
    const { id, disabled } = await own(hub, c);
    if (disabled) throw badRequest('the webhook is disabled: enable it before sending an event again');
    const delivery = await hub.activity.get(id, c.req.param('delivery'));
    if (delivery === undefined) throw new HubRefusal({ status: 404, message: 'Delivery not found' });
    const replay = await hub.deliveries.add({ webhook: id, payload: delivery.payload, replayOf: delivery.id });
    return c.json({ id: replay, replayOf: delivery.id });
  });
  return app;
}

async function own(hub: Hub, c: HubRequest): Promise<Webhook> {
  const caller = requireWriter(callerOf(hub, c));
  const webhook = await hub.subscriptions.get(c.req.param('id') ?? '');
  if (webhook !== undefined && webhook.owner === caller.name) return webhook;
  throw new HubRefusal({ status: 404, message: 'Webhook not found' });
}

/** Everything but what only the server needs. */
function shown({ namespaces: _, jobSourceId: __, ...webhook }: Webhook): Record<string, unknown> {
  return { ...webhook };
}

function namespacesOf(caller: Caller): Webhook['namespaces'] {
  return caller.everywhere ? 'all' : [caller.name, ...caller.orgs];
}

/** Where events go: an address or a job, one of both. */
async function effectOf(
  hub: Hub,
  { url, jobSourceId }: Record<string, unknown>,
  caller: Caller,
): Promise<Pick<Webhook, 'url' | 'job' | 'jobSourceId'>> {
  if (jobSourceId === undefined) return { url: checkUrl(url) };
  if (url !== undefined) throw badRequest('a webhook has a url or a jobSourceId, not both');
  if (hub.jobs === undefined) throw badRequest('this server runs no jobs: a webhook needs a url');
  const id = asString(jobSourceId);
  const job = id === undefined ? undefined : await hub.jobs.describe(id, caller.name);
  if (id === undefined || job === undefined) throw badRequest('jobSourceId is no job of this account');
  return { jobSourceId: id, job };
}

function checkUrl(value: unknown): string {
  const url = asString(value) ?? '';
  if (!/^https?:\/\//.test(url) || !URL.canParse(url)) throw badRequest('url must be an address of http or https');
  return url;
}

/** Header values hold printable ASCII only. */
function checkSecret(secret: string): string {
  if (!/^[\x20-\x7e]+$/.test(secret)) throw badRequest('secret must be printable ASCII');
  return secret;
}

function checkWatched(value: unknown): WatchedItem[] {
  if (!Array.isArray(value) || value.length === 0) throw badRequest('watched must be a list of what to watch');
  return value.map((item: { type?: unknown; name?: unknown } | null) => {
    const { type, name } = item ?? {};
    if (typeof name !== 'string') throw badRequest('an item of watched lacks its name');
    if (type === 'user' || type === 'org') return { type, name };
    if ((type === 'model' || type === 'dataset') && isRepoId(name)) return { type, name };
    throw badRequest(`cannot watch ${String(type)} "${name}"`);
  });
}

function checkDomains(value: unknown): Webhook['domains'] {
  const known = ['repo', 'discussion'];
  if (!Array.isArray(value) || value.length === 0 || value.some((domain) => !known.includes(String(domain)))) {
    throw badRequest('domains must name "repo", "discussion" or both');
  }
  return value as Webhook['domains'];
}
