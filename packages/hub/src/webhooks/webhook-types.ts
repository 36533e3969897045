/** What a webhook watches: one repository, or all of a user or organisation. */
export interface WatchedItem {
  type: 'user' | 'org' | 'model' | 'dataset' | 'space';
  name: string;
}

export type WebhookDomain = 'repo' | 'discussion';

/** What a webhook runs, as far as hubfuse reads it. */
export interface WebhookJob {
  dockerImage?: string;
  command: readonly string[];
}

/** A webhook of the account that the token belongs to. */
export interface HubWebhook {
  id: string;
  /** Where events are posted; absent for one that starts a job of the Hub. */
  url?: string;
  /** The job that an event starts, with its payload in `WEBHOOK_PAYLOAD`; absent for one that posts. */
  job?: WebhookJob;
  watched: readonly WatchedItem[];
  domains: readonly WebhookDomain[];
  /** Sent word for word as `X-Webhook-Secret`. The Hub shows it to its owner. */
  secret?: string;
  disabled: boolean;
}
