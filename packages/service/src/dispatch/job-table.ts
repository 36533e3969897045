import { setTimeout as sleep } from 'node:timers/promises';
import type { Launcher } from '@hubfuse/plugin';
import { activeRuns, cancelRun, type ExecutionOptions, isActive, type RunSpec } from '@hubfuse/runs';
import type { Services } from '../services.ts';
import { attendRun, findState, lifeOf } from '../starting/begin-run.ts';
import { readAccess } from '../starting/run-access.ts';
import type { RunLife } from '../store/keys-of-store.ts';
import { isOrphaned } from './is-orphaned.ts';
import { noteJob } from './job-of-run.ts';
import { claimRun, dropClaim, isHeldByOther, type RunClaim, readClaim, releaseRun } from './run-claims.ts';

/** What runs are executed with, besides the store, the registry and the Hub of the services. */
export type JobExecution = Omit<ExecutionOptions, 'store' | 'runId' | 'registry' | 'hub'>;

/** For so long a dispatcher that gives no sign of life keeps its runs. */
const CLAIM_MS = 30_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 60_000;
/** Jobs in a row that may end without a phase done: a run that kills every worker ends some day. */
const MOST_FAILURES = 60;

interface JobUnderWay {
  handle: string;
  /** Resolves when the launcher says that it has ended. */
  ended?: Promise<void>;
  /** Whether the launcher says that it has ended. Undefined where only it can tell: another process submitted it. */
  hasEnded: boolean | undefined;
}

/** The runs that one dispatcher looks after, and their jobs. */
export class JobTable {
  readonly #services: Services;
  readonly #launcher: Launcher;
  readonly #execution: JobExecution;
  readonly #concurrency: number;
  readonly #holder: string;
  readonly #onEnd: () => void;
  readonly #jobs = new Map<string, JobUnderWay>();
  #lookedForUnattended = Number.NEGATIVE_INFINITY;

  constructor(options: {
    services: Services;
    launcher: Launcher;
    execution: JobExecution;
    concurrency: number;
    /** Names the dispatcher. */
    holder: string;
    /** Told when a job has ended. */
    onEnd: () => void;
  }) {
    this.#services = options.services;
    this.#launcher = options.launcher;
    this.#execution = options.execution;
    this.#concurrency = options.concurrency;
    this.#holder = options.holder;
    this.#onEnd = options.onEnd;
  }

  /** Runs whose jobs are under way. */
  get runs(): string[] {
    return [...this.#jobs.keys()];
  }

  /** Lets go of runs whose jobs have ended, and keeps the others. */
  async settle(): Promise<void> {
    const { store, now } = this.#services;
    for (const [run, job] of this.#jobs) {
      const state = await findState(store, run);
      if (state === undefined || !isActive(state.status)) {
        this.#jobs.delete(run);
        await dropClaim(store, run);
      } else if (await this.#hasEnded(run, job)) {
        this.#jobs.delete(run);
        await releaseRun(store, { run, holder: this.#holder, change: (claim) => afterFailure(claim, now()) });
      } else {
        await claimRun(store, { run, holder: this.#holder, now: now(), forMs: CLAIM_MS });
      }
    }
  }

  /** Submits runs that wait for somebody, the oldest first, as far as there is room. */
  async fill(): Promise<void> {
    if (this.#jobs.size >= this.#concurrency) return;
    const { store, now } = this.#services;
    // A claim that nobody renews is seen when it is over, and not before.
    const looksForUnattended = this.#launcher.findsEarlier === true && now() - this.#lookedForUnattended >= CLAIM_MS;
    if (looksForUnattended) this.#lookedForUnattended = now();
    for (const { spec, state } of await activeRuns({ store })) {
      if (this.#jobs.size >= this.#concurrency) return;
      // Whoever asks for a run at the command line executes it as well.
      const isOurs = spec.origin.trigger !== 'command' && !this.#jobs.has(spec.id);
      if (!isOurs) continue;
      const isUnattended = async () => looksForUnattended && this.#isUnattended(await readClaim(store, spec.id));
      if (isOrphaned(state, now()) || (await isUnattended())) await this.#take(spec);
    }
  }

  /** Waits until the jobs of this process have ended, and lets their runs go; those that take longer stay as they are. */
  async drain(milliseconds: number): Promise<void> {
    const ends = [...this.#jobs.values()].map(({ ended }) => ended);
    if (milliseconds <= 0 || ends.length === 0) return;
    const stop = new AbortController();
    const pause = sleep(milliseconds, undefined, { signal: stop.signal }).catch(() => undefined);
    await Promise.race([Promise.all(ends), pause]);
    stop.abort();
    for (const [run, job] of this.#jobs) {
      if (job.hasEnded === true) await releaseRun(this.#services.store, { run, holder: this.#holder });
    }
  }

  async #take(spec: RunSpec): Promise<void> {
    const { store, now } = this.#services;
    const run = spec.id;
    const state = await findState(store, run);
    if (state === undefined || !isActive(state.status)) return;
    const seen = await readClaim(store, run);
    if (!isOrphaned(state, now()) && !this.#isUnattended(seen)) return;
    if (isHeldByOther(seen, { holder: this.#holder, now: now() }) || seen.notBefore > now()) return;
    const phasesDone = state.phases.filter(({ status }) => status === 'done').length;
    const claim = await claimRun(store, {
      ...{ run, holder: this.#holder, now: now(), forMs: CLAIM_MS },
      change: (found) => (phasesDone > found.phasesDone ? { ...found, phasesDone, failures: 0 } : found),
    });
    if (claim === undefined) return;
    if (claim.failures >= MOST_FAILURES) return await this.#giveUp(spec, claim);
    const findsIt = this.#launcher.findsEarlier === true;
    if (!findsIt && claim.handle !== undefined && (await this.#isJobAlive(run, claim))) {
      this.#jobs.set(run, { handle: claim.handle, hasEnded: undefined });
      return;
    }
    await this.#submit(spec, lifeOf(state));
  }

  /**
   * Whether a run that is being executed has jobs that nobody looks after, because the dispatcher that submitted them is gone: a
   * launcher that finds them goes on with them, and brings back those that are lost.
   */
  #isUnattended(claim: RunClaim): boolean {
    const { findsEarlier, name } = this.#launcher;
    if (findsEarlier !== true || claim.launcher !== name || claim.handle === undefined) return false;
    return !isHeldByOther(claim, { holder: this.#holder, now: this.#services.now() });
  }

  async #submit({ id: run, origin }: RunSpec, life: RunLife): Promise<void> {
    const { store, registry, hub, secrets, now } = this.#services;
    // One that was queued again may have been attended to before.
    await attendRun(this.#services, { ...life, recipe: origin.recipe?.name });
    const [token, access] = await Promise.all([secrets.take(life), readAccess(store, run)]);
    if (access?.ownToken === true && token === undefined) {
      // With the token of the service it would read more than whoever asked for it may.
      await cancelRun({ store, runId: run });
      await releaseRun(store, { run, holder: this.#holder });
      return;
    }
    const caller = token === undefined ? hub : { ...hub, token, tokenOrigin: 'the request for this run' };
    const execution: ExecutionOptions = { ...this.#execution, store, registry, hub: caller, runId: run };
    try {
      const { handle, ended } = await this.#launcher.submit({ run, store, execution });
      const job: JobUnderWay = { handle, hasEnded: false };
      this.#jobs.set(run, job);
      const end = (): void => {
        job.hasEnded = true;
        this.#onEnd();
      };
      // What it failed with stands in the store.
      job.ended = ended.then(end, end);
      const change = (claim: RunClaim): RunClaim => ({ ...claim, launcher: this.#launcher.name, handle });
      await claimRun(store, { run, holder: this.#holder, now: now(), forMs: CLAIM_MS, change });
      await noteJob(store, run, { launcher: this.#launcher.name, handle });
    } catch (error) {
      await releaseRun(store, { run, holder: this.#holder, change: (claim) => afterFailure(claim, now()) });
      throw error;
    }
  }

  /** A launcher whose jobs outlive the dispatcher that submitted them is asked first. */
  async #isJobAlive(run: string, { launcher, handle }: RunClaim): Promise<boolean> {
    if (launcher !== this.#launcher.name || handle === undefined) return false;
    try {
      const { status } = await this.#launcher.describe({ run, store: this.#services.store, handle });
      // A job of this process that it does not know of is one of an earlier process.
      return status === 'running' || (status === 'pending' && handle !== run);
    } catch {
      // Unknown to the launcher by now: a new job continues the run.
      return false;
    }
  }

  async #hasEnded(run: string, job: JobUnderWay): Promise<boolean> {
    if (job.hasEnded !== undefined) return job.hasEnded;
    return !(await this.#isJobAlive(run, { ...(await readClaim(this.#services.store, run)), handle: job.handle }));
  }

  async #giveUp({ id: run, origin }: RunSpec, { failures }: RunClaim): Promise<void> {
    const { store, recipes, now } = this.#services;
    await cancelRun({ store, runId: run });
    await dropClaim(store, run);
    if (origin.recipe === undefined) return;
    await recipes.notes.add(origin.recipe.name, {
      code: 'run/given-up',
      message: `the run ${run} was stopped: ${failures} workers in a row ended without bringing it further`,
      hint: 'look at its logs; more memory may help',
      at: new Date(now()).toISOString(),
    });
  }
}

function afterFailure(claim: RunClaim, now: number): RunClaim {
  const { handle: _, ...rest } = claim;
  const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(10, claim.failures));
  return { ...rest, failures: claim.failures + 1, notBefore: now + pause };
}
