import type { HubOptions } from '../options.ts';
import { requestWebhook, webhookAccess, webhookOf } from './webhook-request.ts';
import type { HubWebhook, WatchedItem, WebhookDomain } from './webhook-types.ts';

/**
 * Changes what is given of a webhook and leaves the rest.
 * @throws HubError `hub/webhook-not-found`, `hub/no-token`, `hub/bad-token`, `hub/forbidden`, `hub/webhook-refused`, or one
 * of the network's
 */
export async function updateWebhook(request: {
  id: string;
  url?: string | undefined;
  watched?: readonly WatchedItem[] | undefined;
  domains?: readonly WebhookDomain[] | undefined;
  secret?: string | undefined;
  disabled?: boolean | undefined;
  options: HubOptions;
}): Promise<HubWebhook> {
  const { id, url, watched, domains, secret, disabled, options } = request;
  const access = webhookAccess(options);
  const read = (answer: unknown) => webhookOf(answer, access.address);
  const fields = { url, domains, secret };
  let webhook: HubWebhook | undefined;
  if (watched !== undefined || Object.values(fields).some((value) => value !== undefined)) {
    // The Hub's interface knows no change without `watched`.
    const kept = watched ?? read(await requestWebhook(access, { id })).watched;
    const body = { watched: kept, ...fields };
    webhook = read(await requestWebhook(access, { id, method: 'POST', body }));
  }
  if (disabled !== undefined && disabled !== webhook?.disabled) {
    const verb = disabled ? 'disable' : 'enable';
    webhook = read(await requestWebhook(access, { id, verb, method: 'POST' }));
  }
  return webhook ?? read(await requestWebhook(access, { id }));
}
