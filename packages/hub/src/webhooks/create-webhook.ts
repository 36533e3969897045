import type { HubOptions } from '../options.ts';
import { postOnce } from '../post-once.ts';
import { webhooksAt } from './list-webhooks.ts';
import { refusedWebhook, webhookAccess, webhookOf } from './webhook-request.ts';
import type { HubWebhook, WatchedItem, WebhookDomain } from './webhook-types.ts';

/** What an event does: it is posted to an address, or starts a job like an earlier one of Hugging Face Jobs. */
export type WebhookEffect = { url: string; jobId?: undefined } | { url?: undefined; jobId: string };

/**
 * Registers a webhook, once: where the Hub's answer is lost, the webhook that was made is found.
 * @throws HubError `hub/no-token`, `hub/bad-token`, `hub/forbidden`, `hub/webhook-refused`, or one of the network's
 */
export async function createWebhook(
  request: WebhookEffect & {
    watched: readonly WatchedItem[];
    /** Default: both. */
    domains?: readonly WebhookDomain[] | undefined;
    /** Printable ASCII. Sent word for word as `X-Webhook-Secret`. */
    secret?: string | undefined;
    options: HubOptions;
  },
): Promise<HubWebhook> {
  const { url, jobId, watched, domains = ['repo', 'discussion'], secret, options } = request;
  const access = webhookAccess(options);
  const { transport, address } = access;
  const before = new Set((await webhooksAt(access)).map(({ id }) => id));
  const wanted = watched.map(nameOf).sort().join();
  return await postOnce({
    transport,
    address,
    body: {
      ...(jobId === undefined ? { url } : { jobSourceId: jobId }),
      watched,
      domains,
      ...(secret === undefined ? {} : { secret }),
    },
    refuse: (refusal) => refusedWebhook(refusal, transport),
    recognise: async () =>
      (await webhooksAt(access)).find(
        (webhook) =>
          !before.has(webhook.id) && webhook.url === url && webhook.watched.map(nameOf).sort().join() === wanted,
      ),
    read: (answer) => webhookOf(answer, address),
  });
}

function nameOf({ type, name }: WatchedItem): string {
  return `${type} ${name}`;
}
