import type { Deliveries } from './deliveries.ts';
import { type HubEvent, payloadOf } from './event.ts';
import { type Subscriptions, wants } from './subscriptions.ts';

/** Tells an event to every webhook that wants it. */
export type Announce = (event: HubEvent) => Promise<void>;

export function announcer(parts: {
  subscriptions: Subscriptions;
  deliveries: Deliveries;
  baseUrl: () => string;
}): Announce {
  const { subscriptions, deliveries, baseUrl } = parts;
  return async (event) => {
    for (const webhook of await subscriptions.list()) {
      if (!wants(webhook, event)) continue;
      await deliveries.add({ webhook: webhook.id, payload: payloadOf(event, { webhook, baseUrl: baseUrl() }) });
    }
  };
}
