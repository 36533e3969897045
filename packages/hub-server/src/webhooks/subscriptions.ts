import { randomBytes } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isMissing, readIfThere, replaceFile } from '../storage/atomic-file.ts';
import type { HubEvent } from './event.ts';
import type { JobSpec } from './jobs-host.ts';

/** What a webhook watches: one repository, or all of a user or organisation. */
export interface WatchedItem {
  type: 'user' | 'org' | 'model' | 'dataset';
  name: string;
}

/** A subscription, as it lies on the disk. */
export interface Webhook {
  id: string;
  /** Where events are posted; absent for one that starts a job. */
  url?: string;
  /** The job that events start like another one, and what it is, as it was when the webhook was made. */
  jobSourceId?: string;
  job?: JobSpec;
  watched: readonly WatchedItem[];
  domains: readonly ('repo' | 'discussion')[];
  /** Sent as it is in `X-Webhook-Secret`. */
  secret?: string;
  disabled: boolean;
  owner: string;
  /** Namespaces whose private repositories it may learn of. */
  namespaces: readonly string[] | 'all';
}

/** One file per webhook, which may also be put there by hand. */
export class Subscriptions {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  static newId(): string {
    return randomBytes(12).toString('hex');
  }

  async get(id: string): Promise<Webhook | undefined> {
    if (!/^[A-Za-z0-9_-]{1,64}$/.test(id)) return undefined;
    const text = await readIfThere(join(this.#folder, `${id}.json`));
    return text === undefined ? undefined : (JSON.parse(text) as Webhook);
  }

  async set(webhook: Webhook): Promise<void> {
    await replaceFile(join(this.#folder, `${webhook.id}.json`), JSON.stringify(webhook, undefined, 1));
  }

  async delete(id: string): Promise<void> {
    await rm(join(this.#folder, `${id}.json`), { force: true });
  }

  async list(): Promise<Webhook[]> {
    let names: string[];
    try {
      names = await readdir(this.#folder);
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
    const webhooks: Webhook[] = [];
    for (const name of names.filter((candidate) => candidate.endsWith('.json')).sort()) {
      const webhook = await this.get(name.slice(0, -'.json'.length));
      if (webhook !== undefined) webhooks.push(webhook);
    }
    return webhooks;
  }
}

/** Whether a webhook is to hear of an event. */
export function wants(webhook: Webhook, event: HubEvent): boolean {
  const { type, id, namespace } = event.repository;
  if (webhook.disabled) return false;
  if (!webhook.domains.includes(event.scope.startsWith('repo') ? 'repo' : 'discussion')) return false;
  const mayKnow = !event.settings.private || webhook.namespaces === 'all' || webhook.namespaces.includes(namespace);
  return (
    mayKnow &&
    webhook.watched.some((item) =>
      item.type === 'user' || item.type === 'org' ? item.name === namespace : item.type === type && item.name === id,
    )
  );
}
