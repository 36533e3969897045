import { setMaxListeners } from 'node:events';
import { rm } from 'node:fs/promises';
import type { HubEvent } from '@hubfuse/hub';
import { type ObjectStore, RunError } from '@hubfuse/plugin';
import type { RunLimits } from '@hubfuse/recipe';
import type { CostEstimate } from './cost/estimate-cost.ts';
import { beginSpending } from './cost/spending.ts';
import { EventLog } from './event-log.ts';
import type { ExecutionOptions } from './execution.ts';
import { fencedStore } from './fenced-store.ts';
import { Lease } from './lease.ts';
import { DiskUse, diskExceeded } from './limits/disk-use.ts';
import { limitedMemory } from './limits/limited-memory.ts';
import { RunMeter } from './limits/run-meter.ts';
import { SEARCH_GRACE_SECONDS } from './limits/time-limit.ts';
import { checkExpectedCost } from './limits/usd-limit.ts';
import { type ModelFolder, modelFolder, takeUpPartial } from './model-folder.ts';
import type { Phase, PhaseContext, PhaseName } from './phase.ts';
import { completePhase, reopenFrom, setPhase } from './phase-state.ts';
import { requireWaiting } from './require-waiting.ts';
import type { RunSpec, RunState, StoredError } from './run.ts';
import type { RunEventBody, RunProgress } from './run-event.ts';
import { failsAgain } from './starts-over.ts';
import { cancellation, released, storedError } from './stored-error.ts';

/** Milliseconds that a phase has to come to its end once its run is stopped; then it is left to itself. */
const STOP_GRACE_MS = 2_000;
/** Milliseconds between two looks at the disk. */
const DISK_LOOK_MS = 10_000;

/** One process's work on a run: owns the run, gives signs of life, watches limits and whether it should stop. */
export class RunExecution {
  state: RunState;
  /** Where the run is written to, while it is this execution's. */
  readonly store: ObjectStore;
  readonly #options: ExecutionOptions;
  readonly #spec: RunSpec;
  readonly #limits: RunLimits;
  readonly #folder: ModelFolder;
  readonly #lease: Lease;
  readonly #log: EventLog;
  readonly #disk: DiskUse;
  readonly #meter: RunMeter;
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  readonly #timer: NodeJS.Timeout;
  #progress: RunProgress | undefined;
  #phase: PhaseName | undefined;
  #beating = false;
  /** Changes wait for each other: none is made in vain, and no second is counted twice. */
  #changing: Promise<void> = Promise.resolve();
  /** When the disk was last looked at. */
  #lookedAt = performance.now();
  /** Why the run cannot go on, where that is no phase's error. */
  #failure: unknown;
  /** A phase that did not stop in time. */
  #leftOver: Promise<unknown> | undefined;

  /** @throws RunError `run/already-running` */
  static async begin(options: ExecutionOptions, spec: RunSpec): Promise<RunExecution> {
    const { store, leaseMs } = options;
    const { lease, state } = await Lease.take({
      ...{ store, runId: spec.id, leaseMs },
      permit: ({ cancellation: _, ...state }) => {
        if (options.continueEnded === false) requireWaiting(state);
        // All children of a run are paid for from its first beginning; later on one machine comes in the place of one that went.
        const machines = state.attempts === 0 ? machinesOf(options) : 1;
        return { ...state, cost: beginSpending(state.cost, options.tariff, machines) };
      },
    });
    try {
      const own = fencedStore(store, lease);
      const log = await EventLog.open({ store: own, runId: spec.id, listener: options.onEvent });
      const folder = modelFolder({ spec, workspace: options.workspace, attempt: state.attempts });
      await takeUpPartial(folder);
      return new RunExecution({ options, spec, lease, state, store: own, log, folder });
    } catch (error) {
      lease.end();
      throw error;
    }
  }

  private constructor(parts: {
    options: ExecutionOptions;
    spec: RunSpec;
    lease: Lease;
    state: RunState;
    store: ObjectStore;
    log: EventLog;
    folder: ModelFolder;
  }) {
    const { options, spec, lease, state, store, log, folder } = parts;
    this.#options = options;
    this.#spec = spec;
    this.#lease = lease;
    this.state = state;
    this.store = store;
    this.#log = log;
    this.#folder = folder;
    this.#limits = state.limits ?? spec.limits;
    const { tariff } = options;
    this.#meter = new RunMeter({ runId: spec.id, limits: this.#limits, tariff, machines: machinesOf(options) });
    this.#disk = new DiskUse({ folder, workspace: options.workspace, runId: spec.id });
    const { signal, release } = options;
    this.#signal = AbortSignal.any([this.#stop.signal, signal, release].filter((one) => one !== undefined));
    // Every file that is read and every worker listens; Node.js warns of a leak from the eleventh on.
    setMaxListeners(0, this.#signal);
    this.#timer = setInterval(() => void this.#beat(), lease.beatMs);
    this.#timer.unref();
  }

  async work(phases: readonly Phase[]): Promise<RunState> {
    limitedMemory(this.#options.memory, this.#limits);
    await this.#reopen(phases);
    const resumedAt = this.state.phases.find(({ status }) => status !== 'done')?.name;
    await this.#log.append({
      type: 'started',
      attempt: this.state.attempts,
      ...(this.state.attempts === 1 || resumedAt === undefined ? {} : { resumedAt }),
    });
    await this.#beat();
    for (;;) {
      this.#signal.throwIfAborted();
      const next = this.state.phases.find(({ status }) => status !== 'done');
      if (next === undefined) return this.state;
      const exceeded = this.#meter.exceeded(this.state);
      if (exceeded !== undefined) throw exceeded;
      const phase = phases.find(({ name }) => name === next.name);
      if (phase === undefined) {
        throw new RunError({
          code: 'run/unknown-phase',
          message: `the run "${this.state.id}" goes on with the phase "${next.name}", which this version does not know`,
          hint: 'a newer version of hubfuse began it: continue with that version',
        });
      }
      await this.#runPhase(phase);
    }
  }

  /** Runs again what another machine did and kept on its disk. */
  async #reopen(phases: readonly Phase[]): Promise<void> {
    if (this.state.phases.every(({ status }) => status === 'done')) return;
    for (const { name, status } of this.state.phases) {
      if (status !== 'done') return;
      const phase = phases.find((one) => one.name === name);
      if ((await phase?.stands?.(this.#context(name))) === false) {
        await this.#change((state) => reopenFrom(state, name));
        return;
      }
    }
  }

  async #runPhase(phase: Phase): Promise<void> {
    const startedAt = new Date();
    this.#phase = phase.name;
    await this.#change((state) =>
      setPhase(state, phase.name, { status: 'running', startedAt: startedAt.toISOString() }),
    );
    await this.#log.append({ type: 'phase-started', phase: phase.name });
    const result = await this.#untilStopped(phase.run(this.#context(phase.name)));
    const endedAt = new Date();
    await this.#change((state) => completePhase(state, phase.name, result, endedAt));
    const seconds = (endedAt.getTime() - startedAt.getTime()) / 1000;
    await this.#log.append({ type: 'phase-done', phase: phase.name, seconds });
  }

  /**
   * What a phase comes to, or the reason for which the run stops where the phase does not come to its end soon after: native
   * code in the middle of a batch hears nothing.
   */
  async #untilStopped<T>(work: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    let onAbort = (): void => undefined;
    const tooLate = new Promise<never>((_, reject) => {
      onAbort = () => {
        timer = setTimeout(() => {
          this.#leftOver = work.catch(() => undefined);
          reject(this.#signal.reason);
        }, STOP_GRACE_MS);
      };
      this.#signal.addEventListener('abort', onAbort, { once: true });
    });
    try {
      return await Promise.race([work, tooLate]);
    } finally {
      clearTimeout(timer);
      this.#signal.removeEventListener('abort', onAbort);
    }
  }

  async finish(outcome: { published: boolean }): Promise<void> {
    await this.#change(({ owner: _, progress: __, cancellation: ___, ...state }) => ({
      ...state,
      ...outcome,
      status: 'done',
    }));
    await this.#log.append({ type: 'done', ...outcome });
  }

  /** Stores what ended the run and returns the error to throw. */
  async fail(error: unknown): Promise<unknown> {
    const cause = this.#failure ?? error;
    if (isTakenOver(cause)) {
      await this.#abandon();
      return cause;
    }
    const stopped = this.#failure === undefined && this.#signal.aborted;
    const cancelled = stopped && (this.#stop.signal.aborted || this.#options.signal?.aborted === true);
    const shown = cancelled
      ? cancellation(this.#signal.reason, this.state.id)
      : stopped
        ? released(this.state.id)
        : cause;
    try {
      if (stopped && !cancelled) await this.#giveBack();
      else {
        const error = storedError(shown);
        await this.#storeFailure(error, cancelled);
        // Nobody goes on with what was written so far.
        if (!cancelled && failsAgain(error)) await this.#abandon();
      }
    } catch (failure) {
      if (isTakenOver(failure)) {
        await this.#abandon();
        return failure;
      }
      // What ended the run, a full disk perhaps, may also keep its end from being stored: the cause matters more.
    }
    return shown;
  }

  /** Removes what was made under this execution's own name: the next owner has taken the folder away, or needs none. */
  async #abandon(): Promise<void> {
    await this.#leftOver;
    await rm(this.#folder.temporary, { recursive: true, force: true });
  }

  /** Leaves the run as one that nobody has taken yet. */
  async #giveBack(): Promise<void> {
    await this.#log.append({ type: 'released' });
    await this.#change(({ owner: _, progress: __, ...state }) => ({ ...state, status: 'queued' }));
  }

  async #storeFailure(error: StoredError, cancelled: boolean): Promise<void> {
    await this.#change(({ owner: _, progress: __, cancellation, ...state }) => ({
      ...state,
      ...(cancelled && cancellation !== undefined ? { cancellation: { ...cancellation, heard: true } } : {}),
      status: cancelled ? 'cancelled' : 'failed',
      error,
    }));
    await this.#log.append(cancelled ? { type: 'cancelled' } : { type: 'failed', error });
  }

  /** Lets go of the run; nothing is written from here on. Returns what is still being done and hears nothing. */
  end(): Promise<unknown> | undefined {
    clearInterval(this.#timer);
    this.#lease.end();
    return this.#leftOver;
  }

  /** Changes the state and adds the time that went by to what was worked. */
  #change(change: (state: RunState) => RunState): Promise<void> {
    const done = this.#changing.then(async () => {
      const worked = this.#meter.count();
      this.state = await this.#lease.change((state) => change(worked.add(state)));
      worked.kept();
    });
    this.#changing = done.catch(() => undefined);
    return done;
  }

  async #beat(): Promise<void> {
    if (this.#beating) return;
    this.#beating = true;
    try {
      const progress = this.#progress;
      await this.#change((state) =>
        state.status !== 'running' || progress === undefined ? state : { ...state, progress },
      );
      if (this.state.cancellation?.heard === false) this.#stop.abort();
      await this.#watchLimits();
    } catch (error) {
      // Whatever the store says now it says to the next change too; losing the run must stop the work at once.
      if (isTakenOver(error)) this.#giveUp(error);
    } finally {
      this.#beating = false;
    }
  }

  async #watchLimits(): Promise<void> {
    // A search that hears of it ends by itself, with the best that it has found.
    const exceeded = this.#meter.exceeded(this.state, this.#phase === 'search' ? SEARCH_GRACE_SECONDS : 0);
    if (exceeded !== undefined) this.#giveUp(exceeded);
    const { disk } = this.#limits;
    if (disk === undefined || performance.now() - this.#lookedAt < DISK_LOOK_MS) return;
    this.#lookedAt = performance.now();
    const used = await this.#disk.bytes();
    if (used > disk) this.#giveUp(diskExceeded({ runId: this.#spec.id, used, limit: disk }));
  }

  /** Keeps what the run is expected to cost, and refuses what is too dear. */
  async #expectCost(estimate: CostEstimate): Promise<void> {
    const { usd, reserveUsd } = estimate;
    await this.#change((state) => ({
      ...state,
      ...(state.cost === undefined
        ? {}
        : { cost: { ...state.cost, reserveUsd, ...(usd === undefined ? {} : { estimatedUsd: usd }) } }),
    }));
    const spentUsd = this.state.cost?.spentUsd;
    checkExpectedCost({ runId: this.#spec.id, limits: this.#limits, estimate, spentUsd });
  }

  /** Stops the phase for a reason of the run's own. */
  #giveUp(error: unknown): void {
    this.#failure ??= error;
    this.#stop.abort(error);
  }

  #hear(event: HubEvent): void {
    this.#options.hub.onProgress?.(event);
    this.#disk.hear(event);
    const warning = hubWarning(event);
    if (warning !== undefined) this.#warn(warning);
  }

  /** A log that cannot be written ends the run. */
  #warn(warning: RunEventBody): void {
    this.#log.append(warning).catch((error: unknown) => this.#giveUp(error));
  }

  #context(phase: PhaseName): PhaseContext {
    const confirm = (): Promise<void> => this.#lease.confirm();
    return {
      spec: this.#spec,
      execution: {
        ...this.#options,
        store: this.store,
        memory: limitedMemory(this.#options.memory, this.#limits),
      },
      hub: {
        ...this.#options.hub,
        hubUrl: this.#spec.options.hubUrl ?? this.#options.hub.hubUrl,
        signal: this.#signal,
        onProgress: (event) => this.#hear(event),
        beforeWrite: confirm,
      },
      folder: this.#folder,
      publishAnyway: this.state.publishAnyway === true,
      limits: this.#limits,
      confirm,
      isOutOfTime: () => this.#meter.shouldSearchEnd(this.state, (warning) => this.#warn(warning)),
      expectCost: (estimate) => this.#expectCost(estimate),
      spend: (usd) =>
        this.#change((state) =>
          state.cost === undefined ? state : { ...state, cost: { ...state.cost, spentUsd: state.cost.spentUsd + usd } },
        ),
      signal: this.#signal,
      event: (body) => this.#log.append(body),
      progress: (progress) => {
        this.#progress = { phase, ...progress };
        this.#options.onProgress?.(this.#progress);
      },
      artefact: async (artefact) => {
        const others = (state: RunState) => state.artefacts.filter(({ name }) => name !== artefact.name);
        await this.#change((state) => ({ ...state, artefacts: [...others(state), artefact] }));
        await this.#log.append({ type: 'artefact', artefact });
      },
      output: <T>(name: PhaseName): T => {
        const found = this.state.phases.find((state) => state.name === name);
        if (found?.status === 'done') return found.output as T;
        throw new RunError({
          code: 'run/phase-order',
          message: `the phase "${phase}" needs the output of "${name}", which is not done`,
        });
      },
    };
  }
}

function machinesOf({ children }: ExecutionOptions): number {
  return children?.count ?? 1;
}

function isTakenOver(error: unknown): boolean {
  return error instanceof RunError && error.code === 'run/taken-over';
}

/** What a person should know of what happened on the Hub. */
function hubWarning(event: HubEvent): RunEventBody | undefined {
  if (event.type === 'notice') return { type: 'warning', code: event.code, message: event.message };
  if (event.type !== 'renamed') return undefined;
  const message = `${event.from} is called ${event.to} now: name it so in the recipe`;
  return { type: 'warning', code: 'hub/renamed', message };
}
