import { HubError } from '@hubfuse/plugin';
import { type Refusal, saidBy } from '../failures.ts';
import type { HubOptions } from '../options.ts';
import { badAnswer, parseAnswer } from '../post-once.ts';
import { redact, requiredToken } from '../token.ts';
import { createTransport, type Transport } from '../transport.ts';
import type { HubWebhook, WatchedItem, WebhookDomain, WebhookJob } from './webhook-types.ts';

/** How the account's webhooks are reached. */
export interface WebhookAccess {
  transport: Transport;
  /** Without a slash at the end. */
  address: string;
}

/** @throws HubError `hub/no-token` */
export function webhookAccess(options: HubOptions): WebhookAccess {
  requiredToken(options, 'managing webhooks');
  const transport = createTransport(options);
  return { transport, address: `${transport.hubUrl}/api/settings/webhooks` };
}

/**
 * A request that may be repeated. Returns the answer's JSON.
 * @throws HubError `hub/webhook-not-found`, `hub/bad-token`, `hub/forbidden`, `hub/webhook-refused`, or one of the network's
 */
export async function requestWebhook(
  { transport, address }: WebhookAccess,
  request: { id?: string; verb?: 'enable' | 'disable'; method?: 'GET' | 'POST' | 'DELETE'; body?: unknown } = {},
): Promise<unknown> {
  const { id, verb, method = 'GET', body } = request;
  const path = [address, ...(id === undefined ? [] : [encodeURIComponent(id)]), ...(verb === undefined ? [] : [verb])];
  const response = await transport.fetch(path.join('/'), {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (response.ok) return parseAnswer(text, address);
  throw refusedWebhook({ status: response.status, headers: response.headers, body: text }, transport, id);
}

/** The webhook of an answer `{webhook}`. @throws HubError `hub/bad-answer` */
export function webhookOf(answer: unknown, address: string): HubWebhook {
  return readWebhook((answer as { webhook?: unknown } | null)?.webhook, address);
}

/** @throws HubError `hub/bad-answer` */
export function readWebhook(value: unknown, address: string): HubWebhook {
  const webhook = value as Partial<Record<keyof HubWebhook, unknown>> | null | undefined;
  if (typeof webhook?.id !== 'string' || !Array.isArray(webhook.watched)) throw badAnswer(address);
  return {
    id: webhook.id,
    ...(typeof webhook.url === 'string' ? { url: webhook.url } : {}),
    ...jobOf(webhook.job),
    watched: webhook.watched.map(({ type, name }: WatchedItem) => ({ type, name })),
    domains: (Array.isArray(webhook.domains) ? webhook.domains : []) as WebhookDomain[],
    ...(typeof webhook.secret === 'string' && webhook.secret !== '' ? { secret: webhook.secret } : {}),
    disabled: webhook.disabled === true,
  };
}

function jobOf(value: unknown): { job?: WebhookJob } {
  if (typeof value !== 'object' || value === null) return {};
  const { dockerImage, command } = value as { dockerImage?: unknown; command?: unknown };
  const words = Array.isArray(command) ? command.filter((word) => typeof word === 'string') : [];
  return { job: { ...(typeof dockerImage === 'string' ? { dockerImage } : {}), command: words } };
}

/** The error for a refusal of a request about webhooks. */
export function refusedWebhook(refusal: Refusal, { hubUrl, options }: Transport, id?: string): HubError {
  const { status } = refusal;
  const said = redact(saidBy(refusal), options.token);
  const where = `${hubUrl}/settings/webhooks${id === undefined ? '' : `/${id}`}`;
  const origin = options.tokenOrigin ?? 'the options';
  if (status === 404 && id !== undefined) {
    return new HubError({
      code: 'hub/webhook-not-found',
      where,
      message: `the account of the token from ${origin} has no webhook "${id}"`,
      hint: 'list its webhooks, or look for a typing error in the id',
    });
  }
  if (status === 401) {
    return new HubError({
      code: 'hub/bad-token',
      where,
      message: `the Hub does not accept the token from ${origin}${said === '' ? '' : ` ("${said}")`}`,
      hint: `make a new one at ${hubUrl}/settings/tokens`,
    });
  }
  if (status === 403) {
    return new HubError({
      code: 'hub/forbidden',
      where,
      message: `the Hub does not let the token from ${origin} manage webhooks${said === '' ? '' : ` ("${said}")`}`,
      hint: `the token needs the role "write" or the permission to manage webhooks; see ${hubUrl}/settings/tokens`,
    });
  }
  return new HubError({
    code: status >= 500 ? 'hub/unavailable' : 'hub/webhook-refused',
    where,
    message: `the Hub answered ${status} to a request about webhooks${said === '' ? '' : ` ("${said}")`}`,
    hint: status >= 500 ? "this is the server's trouble: try later" : undefined,
  });
}
