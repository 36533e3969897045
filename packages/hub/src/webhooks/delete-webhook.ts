import { HubError } from '@hubfuse/plugin';
import type { HubOptions } from '../options.ts';
import { requestWebhook, webhookAccess } from './webhook-request.ts';

/**
 * Removes a webhook. Returns false where there is none of that id (any more).
 * @throws HubError `hub/no-token`, `hub/bad-token`, `hub/forbidden`, or one of the network's
 */
export async function deleteWebhook(request: { id: string; options: HubOptions }): Promise<boolean> {
  const { id, options } = request;
  try {
    await requestWebhook(webhookAccess(options), { id, method: 'DELETE' });
    return true;
  } catch (failure) {
    if (failure instanceof HubError && failure.code === 'hub/webhook-not-found') return false;
    throw failure;
  }
}
