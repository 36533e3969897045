import type { HubOptions } from '../options.ts';
import { badAnswer } from '../post-once.ts';
import { readWebhook, requestWebhook, type WebhookAccess, webhookAccess } from './webhook-request.ts';
import type { HubWebhook } from './webhook-types.ts';

/**
 * The webhooks of the token's account.
 * @throws HubError `hub/no-token`, `hub/bad-token`, `hub/forbidden`, or one of the network's
 */
export async function listWebhooks(options: HubOptions): Promise<HubWebhook[]> {
  return await webhooksAt(webhookAccess(options));
}

export async function webhooksAt(access: WebhookAccess): Promise<HubWebhook[]> {
  const answer = await requestWebhook(access);
  if (!Array.isArray(answer)) throw badAnswer(access.address);
  return answer.map((webhook) => readWebhook(webhook, access.address));
}
