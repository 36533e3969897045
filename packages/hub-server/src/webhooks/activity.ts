import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isMissing, readIfThere, temporaryName } from '../storage/atomic-file.ts';

/** One event that was sent to a webhook, or is being sent. */
export interface LoggedDelivery {
  id: string;
  webhook: string;
  /** `pending` while there are attempts left. */
  state: 'pending' | 'delivered' | 'failed';
  /** ISO 8601. */
  createdAt: string;
  /** In order of time. `status` is that of the answer, `job` the id of a job that was started; `error` says why there was none. */
  attempts: readonly { at: string; status?: number; job?: string; error?: string; milliseconds: number }[];
  /** The delivery that this one repeats. */
  replayOf?: string;
  payload: unknown;
}

/** How many deliveries of a webhook are remembered. */
const KEPT = 200;
/** How many more may lie there until the oldest are removed. */
const SLACK = 50;

/**
 * What became of recent deliveries, one file each, for people who look for a lost event and for sending one again. It is
 * a log: losing an entry in a crash of the machine loses no event, so nothing here waits for the disk.
 */
export class Activity {
  readonly #folder: string;
  /** Files of each webhook since its folder was last looked at. */
  readonly #written = new Map<string, number>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  async set(delivery: LoggedDelivery): Promise<void> {
    const folder = join(this.#folder, delivery.webhook);
    await mkdir(folder, { recursive: true });
    const temporary = temporaryName(folder);
    await writeFile(temporary, JSON.stringify(delivery), { mode: 0o600 });
    await rename(temporary, join(folder, `${delivery.id}.json`));
    const written = (this.#written.get(delivery.webhook) ?? SLACK) + 1;
    this.#written.set(delivery.webhook, written > SLACK ? 0 : written);
    if (written > SLACK) await this.#prune(delivery.webhook);
  }

  async get(webhook: string, id: string): Promise<LoggedDelivery | undefined> {
    if (!/^[0-9a-f-]{1,80}$/.test(id)) return undefined;
    const text = await readIfThere(join(this.#folder, webhook, `${id}.json`));
    return text === undefined ? undefined : (JSON.parse(text) as LoggedDelivery);
  }

  /** Newest first. */
  async list(webhook: string): Promise<LoggedDelivery[]> {
    const found: LoggedDelivery[] = [];
    for (const id of (await this.#ids(webhook)).reverse().slice(0, KEPT)) {
      const delivery = await this.get(webhook, id);
      if (delivery !== undefined) found.push(delivery);
    }
    return found;
  }

  async forget(webhook: string): Promise<void> {
    await rm(join(this.#folder, webhook), { recursive: true, force: true });
  }

  /** Oldest first. */
  async #ids(webhook: string): Promise<string[]> {
    try {
      const names = await readdir(join(this.#folder, webhook));
      return names.flatMap((name) => /^(.+)\.json$/.exec(name)?.[1] ?? []).sort();
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  }

  async #prune(webhook: string): Promise<void> {
    const ids = await this.#ids(webhook);
    for (const id of ids.slice(0, Math.max(0, ids.length - KEPT))) {
      await rm(join(this.#folder, webhook, `${id}.json`), { force: true });
    }
  }
}
