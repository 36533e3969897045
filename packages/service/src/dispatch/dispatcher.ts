import type { Launcher } from '@hubfuse/plugin';
import { pruneRuns } from '@hubfuse/runs';
import type { CommentSettings } from '../comments/handle-comment.ts';
import { workOffInbox } from '../events/work-off-inbox.ts';
import { attendRuns, type NoticeSettings } from '../notices/attend-runs.ts';
import { sendNotices } from '../notices/send-notices.ts';
import { tickSchedules } from '../schedule/tick-schedules.ts';
import type { Services } from '../services.ts';
import { pruneQuotas } from '../starting/daily-quota.ts';
import { forgetRun } from '../starting/remove-run.ts';
import { newHolder } from '../store/holder.ts';
import { giveLease, takeLease } from '../store/lease.ts';
import { Alarm } from './alarm.ts';
import { type JobExecution, JobTable } from './job-table.ts';

/** How a dispatcher works. */
export interface DispatcherSettings extends CommentSettings {
  services: Services;
  /** Where runs are executed. */
  launcher: Launcher;
  execution: JobExecution;
  /** Jobs of this dispatcher at the same time. Default 1. */
  concurrency?: number | undefined;
  /** Longest pause between two looks, in milliseconds. Default 1000. */
  pauseMs?: number | undefined;
  /**
   * Milliseconds for which `run` waits, after its signal, for jobs that end by that signal too: those of a launcher in this
   * process, whose execution has the signal as its `release`. Default 0: jobs outlive the dispatcher.
   */
  drainMs?: number | undefined;
  /** Which runs that have ended are kept; looked at every hour. Default: all. */
  retention?: { olderThanMs?: number | undefined; keep?: number | undefined } | undefined;
  notices?: NoticeSettings | undefined;
  /** Stands in for `fetch` when notices are posted. */
  fetch?: typeof fetch | undefined;
  /** Told of what went wrong and will be tried again. Default: nobody. */
  onProblem?: ((error: unknown) => void) | undefined;
}

const CHORES = 'chores';
/** For so long the chores of a dispatcher that died lie about. */
const CHORES_MS = 15_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/**
 * Does the work that requests only ask for: works off deliveries, makes the runs of schedules, submits runs to a launcher,
 * takes up those whose worker died, tells how they ended. Any number of dispatchers share a store: each submits to its own
 * launcher, and one at a time does the rest.
 */
export class Dispatcher {
  readonly #settings: DispatcherSettings;
  readonly #holder = newHolder();
  readonly #alarm = new Alarm();
  readonly #jobs: JobTable;
  #scheduledAt = Number.NEGATIVE_INFINITY;
  #prunedAt = Number.NEGATIVE_INFINITY;

  constructor(settings: DispatcherSettings) {
    const { services, launcher, execution, concurrency = 1 } = settings;
    this.#settings = settings;
    this.#jobs = new JobTable({
      ...{ services, launcher, execution, concurrency },
      holder: this.#holder,
      onEnd: () => this.wake(),
    });
  }

  /** Ids of the runs whose jobs this dispatcher looks after. */
  get runs(): string[] {
    return this.#jobs.runs;
  }

  /** Says that there is work: the next look comes at once. */
  wake(): void {
    this.#alarm.ring();
  }

  /** Works until the signal, then waits for its jobs as long as `drainMs` says. */
  async run(signal: AbortSignal): Promise<void> {
    const { services, pauseMs = 1_000, drainMs = 0 } = this.#settings;
    const wake = services.wake;
    services.wake = () => {
      wake();
      this.wake();
    };
    try {
      while (!signal.aborted) {
        await this.look();
        await this.#alarm.wait(pauseMs, signal);
      }
    } finally {
      services.wake = wake;
      await this.#jobs.drain(drainMs);
      await giveLease(services.store, { name: CHORES, holder: this.#holder }).catch(this.#problem);
    }
  }

  /** Looks once at everything. What fails does not keep the rest from being done. */
  async look(): Promise<void> {
    await this.#try(() => this.#jobs.settle());
    if (await this.#mayDoChores()) await this.#doChores();
    await this.#try(() => this.#jobs.fill());
  }

  async #mayDoChores(): Promise<boolean> {
    const { store, now } = this.#settings.services;
    const lease = { name: CHORES, holder: this.#holder, now: now(), forMs: CHORES_MS };
    return (await this.#try(() => takeLease(store, lease))) ?? false;
  }

  async #doChores(): Promise<void> {
    const { services, commenters, notices, fetch, onProblem } = this.#settings;
    await this.#try(() => attendRuns(services, notices));
    await this.#try(() => workOffInbox(services, { commenters, onProblem }));
    const now = services.now();
    // A schedule's finest unit is the minute.
    if (Math.floor(now / MINUTE_MS) !== this.#scheduledAt) {
      this.#scheduledAt = Math.floor(now / MINUTE_MS);
      await this.#try(() => tickSchedules(services));
    }
    await this.#try(() => sendNotices(services, { ...notices, fetch }));
    if (now - this.#prunedAt >= HOUR_MS) {
      this.#prunedAt = now;
      await this.#try(() => pruneQuotas(services.store, now));
      await this.#try(() => this.#prune());
    }
  }

  /** Deletes runs that were kept long enough, with what is kept about them. */
  async #prune(): Promise<void> {
    const { services, retention, execution } = this.#settings;
    if (retention === undefined) return;
    const { workspace } = execution;
    for (const run of await pruneRuns({ store: services.store, workspace, ...retention }))
      await forgetRun(services, run);
  }

  async #try<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      this.#problem(error);
      return undefined;
    }
  }

  readonly #problem = (error: unknown): void => {
    this.#settings.onProblem?.(error);
  };
}
