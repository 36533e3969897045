import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readIfThere, replaceFile } from '../storage/atomic-file.ts';
import type { Activity, LoggedDelivery } from './activity.ts';
import type { JobsHost } from './jobs-host.ts';
import type { Subscriptions, Webhook } from './subscriptions.ts';

/** Bounds of one delivery. */
export interface DeliveryLimits {
  /** Attempts before an event is given up. */
  attempts: number;
  /** Pause after the first failure; it doubles after each. */
  pauseMs: number;
  /** Most time that an attempt may take. */
  timeoutMs: number;
}

interface Delivery {
  webhook: string;
  payload: unknown;
  /** The delivery that this one repeats. */
  replayOf?: string;
}

/**
 * Sends events to their subscribers, each webhook's in order. What is not yet delivered lies in a folder, one file per
 * delivery, so that a server that was killed sends it after its next start: every event arrives at least once or is
 * given up with a notice. What became of each stands in the activity of its webhook.
 */
export class Deliveries {
  readonly #folder: string;
  readonly #subscriptions: Subscriptions;
  readonly #activity: Activity;
  readonly #limits: DeliveryLimits;
  readonly #jobs: JobsHost | undefined;
  readonly #onNotice: (notice: string) => void;
  readonly #stopped = new AbortController();
  readonly #queues = new Map<string, Promise<void>>();
  #sequence = 0;

  constructor(parts: {
    folder: string;
    subscriptions: Subscriptions;
    activity: Activity;
    limits: DeliveryLimits;
    /** Runs the jobs of webhooks. Absent: such events fail. */
    jobs?: JobsHost | undefined;
    onNotice: (notice: string) => void;
  }) {
    this.#folder = parts.folder;
    this.#subscriptions = parts.subscriptions;
    this.#activity = parts.activity;
    this.#limits = parts.limits;
    this.#jobs = parts.jobs;
    this.#onNotice = parts.onNotice;
  }

  /** Takes up what an earlier process left. */
  async resume(): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    for (const name of (await readdir(this.#folder)).filter((file) => file.endsWith('.json')).sort()) {
      const text = await readIfThere(join(this.#folder, name));
      if (text !== undefined) this.#enqueue(name, JSON.parse(text) as Delivery);
    }
  }

  /** Resolves with its id when the event is safe on the disk; it is sent in the background. */
  async add(delivery: Delivery): Promise<string> {
    // Names sort in order of time, also across starts.
    const order = `${String(Date.now()).padStart(15, '0')}-${String(this.#sequence++).padStart(9, '0')}`;
    const name = `${order}-${randomBytes(4).toString('hex')}.json`;
    await replaceFile(join(this.#folder, name), JSON.stringify(delivery));
    this.#enqueue(name, delivery);
    return idOf(name);
  }

  /** Stops sending; what is left stays on the disk. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await Promise.allSettled(this.#queues.values());
  }

  #enqueue(name: string, delivery: Delivery): void {
    const before = this.#queues.get(delivery.webhook) ?? Promise.resolve();
    const mine = before.then(() => this.#deliver(name, delivery));
    this.#queues.set(delivery.webhook, mine);
    void mine.finally(() => {
      if (this.#queues.get(delivery.webhook) === mine) this.#queues.delete(delivery.webhook);
    });
  }

  async #deliver(name: string, delivery: Delivery): Promise<void> {
    const { attempts, pauseMs } = this.#limits;
    const id = idOf(name);
    let entry: LoggedDelivery = (await this.#activity.get(delivery.webhook, id)) ?? {
      id,
      ...delivery,
      state: 'pending',
      createdAt: new Date(Number(name.slice(0, name.indexOf('-')))).toISOString(),
      attempts: [],
    };
    let failure = '';
    for (let attempt = 0; attempt < attempts; attempt++) {
      if (this.#stopped.signal.aborted) return;
      // The webhook is read anew: it may have been changed, disabled or deleted meanwhile.
      const webhook = await this.#subscriptions.get(delivery.webhook);
      if (webhook === undefined || webhook.disabled) break;
      const made = await this.#attempt(webhook, delivery.payload);
      if (this.#stopped.signal.aborted && made.error !== undefined) return;
      failure = made.error ?? (made.ok ? '' : `status ${made.status}`);
      const { ok: _, ...shown } = made;
      const state = failure === '' ? 'delivered' : attempt === attempts - 1 ? 'failed' : 'pending';
      entry = { ...entry, state, attempts: [...entry.attempts, shown] };
      await this.#activity.set(entry);
      if (failure === '') break;
      if (attempt < attempts - 1) await this.#pause(pauseMs * 2 ** attempt);
    }
    if (this.#stopped.signal.aborted && failure !== '') return;
    if (failure !== '') {
      this.#onNotice(`webhook ${delivery.webhook}: an event was given up after ${attempts} attempts: ${failure}`);
    }
    await rm(join(this.#folder, name), { force: true });
  }

  async #attempt(webhook: Webhook, payload: unknown): Promise<LoggedDelivery['attempts'][number] & { ok: boolean }> {
    const at = new Date();
    const taken = () => ({ at: at.toISOString(), milliseconds: Date.now() - at.getTime() });
    try {
      if (webhook.jobSourceId !== undefined) {
        const job = await this.#startJob(webhook.jobSourceId, webhook, payload);
        return { ...taken(), ok: true, job };
      }
      const { ok, status } = await this.#post(webhook, payload);
      return { ...taken(), ok, status };
    } catch (error) {
      return { ...taken(), ok: false, error: error instanceof Error ? error.message : String(error) };
    }
  }

  async #post({ url = '', secret }: Webhook, payload: unknown): Promise<Response> {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        ...(secret === undefined ? {} : { 'X-Webhook-Secret': secret }),
      },
      body: JSON.stringify(payload),
      redirect: 'manual',
      signal: AbortSignal.any([this.#stopped.signal, AbortSignal.timeout(this.#limits.timeoutMs)]),
    });
    await response.body?.cancel();
    return response;
  }

  /** Starts the job of a webhook with the variables that the Hub gives it. */
  async #startJob(source: string, { secret }: Webhook, payload: unknown): Promise<string> {
    if (this.#jobs === undefined) throw new Error('this server runs no jobs');
    const { repo } = payload as { repo: { name: string; type: string } };
    return await this.#jobs.startLike(source, {
      WEBHOOK_PAYLOAD: JSON.stringify(payload),
      WEBHOOK_REPO_ID: repo.name,
      WEBHOOK_REPO_TYPE: repo.type,
      ...(secret === undefined ? {} : { WEBHOOK_SECRET: secret }),
    });
  }

  async #pause(milliseconds: number): Promise<void> {
    try {
      await sleep(milliseconds, undefined, { signal: this.#stopped.signal });
    } catch {
      // Stopped: the loop sees it.
    }
  }
}

/** The id of the delivery that lies under a name. */
function idOf(name: string): string {
  return name.slice(0, -'.json'.length);
}
