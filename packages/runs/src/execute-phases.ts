import { setMaxListeners } from 'node:events';
import type { HubEvent } from '@hubfuse/hub';
import { RunError } from '@hubfuse/plugin';
import { cancelRequested, clearCancellation } from './cancel-run.ts';
import { EventLog } from './event-log.ts';
import type { ExecutionOptions } from './execution.ts';
import { changeOwnState, endOwner, HEARTBEAT_MS, newOwner, takeRun } from './ownership.ts';
import type { Phase, PhaseContext, PhaseName } from './phase.ts';
import { completePhase, reopenFrom, setPhase } from './phase-state.ts';
import { readSpec } from './read-run.ts';
import type { RunSpec, RunState, StoredError } from './run.ts';
import type { RunEventBody, RunProgress } from './run-event.ts';
import { readState } from './state-cell.ts';
import { cancellation, released, storedError } from './stored-error.ts';

/**
 * Executes the phases of a run that are not done, in order, and keeps state and events. A run that is done already is
 * left as it is.
 * @throws what a phase throws, after it was stored; RunError `run/cancelled` where the run was stopped.
 */
export async function executePhases(
  options: ExecutionOptions,
  phases: readonly Phase[],
  finish: (state: RunState, spec: RunSpec) => Promise<{ published: boolean }>,
): Promise<RunState> {
  const { store, runId } = options;
  const spec = await readSpec(store, runId);
  const before = (await readState(store, runId)).state;
  if (before.status === 'done') return before;
  if (before.status === 'cancelled') await clearCancellation({ store, runId });
  const execution = await Execution.begin(options, spec);
  try {
    const state = await execution.work(phases);
    await execution.finish(await finish(state, spec));
    return execution.state;
  } catch (error) {
    throw await execution.fail(error);
  } finally {
    execution.end();
  }
}

/** One process's work on a run: owns the run, gives signs of life, watches for cancellation. */
class Execution {
  state: RunState;
  readonly #options: ExecutionOptions;
  readonly #spec: RunSpec;
  readonly #log: EventLog;
  readonly #owner: ReturnType<typeof newOwner>;
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  readonly #timer: NodeJS.Timeout;
  #progress: RunProgress | undefined;
  #beating = false;
  /** Why the run cannot go on, where that is no phase's error. */
  #failure: unknown;

  static async begin(options: ExecutionOptions, spec: RunSpec): Promise<Execution> {
    const owner = newOwner();
    try {
      const state = await takeRun({ store: options.store, runId: spec.id, owner });
      const log = await EventLog.open({ store: options.store, runId: spec.id, listener: options.onEvent });
      return new Execution(options, spec, owner, state, log);
    } catch (error) {
      endOwner(owner);
      throw error;
    }
  }

  private constructor(
    options: ExecutionOptions,
    spec: RunSpec,
    owner: ReturnType<typeof newOwner>,
    state: RunState,
    log: EventLog,
  ) {
    this.#options = options;
    this.#spec = spec;
    this.#owner = owner;
    this.state = state;
    this.#log = log;
    const { signal, release } = options;
    this.#signal = AbortSignal.any([this.#stop.signal, signal, release].filter((one) => one !== undefined));
    // Every file that is read and every worker listens; Node.js warns of a leak from the eleventh on.
    setMaxListeners(0, this.#signal);
    this.#timer = setInterval(() => void this.#beat(), HEARTBEAT_MS);
    this.#timer.unref();
  }

  async work(phases: readonly Phase[]): Promise<RunState> {
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
    await this.#change((state) =>
      setPhase(state, phase.name, { status: 'running', startedAt: startedAt.toISOString() }),
    );
    await this.#log.append({ type: 'phase-started', phase: phase.name });
    const result = await phase.run(this.#context(phase.name));
    const endedAt = new Date();
    await this.#change((state) => completePhase(state, phase.name, result, endedAt));
    const seconds = (endedAt.getTime() - startedAt.getTime()) / 1000;
    await this.#log.append({ type: 'phase-done', phase: phase.name, seconds });
  }

  async finish(outcome: { published: boolean }): Promise<void> {
    await this.#change(({ owner: _, progress: __, ...state }) => ({ ...state, status: 'done' }));
    await this.#log.append({ type: 'done', ...outcome });
  }

  /** Stores what ended the run and returns the error to throw. */
  async fail(error: unknown): Promise<unknown> {
    const cause = this.#failure ?? error;
    if (cause instanceof RunError && cause.code === 'run/taken-over') return cause;
    const stopped = this.#failure === undefined && this.#signal.aborted;
    const cancelled = stopped && (this.#stop.signal.aborted || this.#options.signal?.aborted === true);
    const shown = cancelled
      ? cancellation(this.#signal.reason, this.state.id)
      : stopped
        ? released(this.state.id)
        : cause;
    try {
      if (stopped && !cancelled) await this.#giveBack();
      else await this.#storeFailure(storedError(shown), cancelled);
    } catch {
      // What ended the run, a full disk perhaps, may also keep its end from being stored: the cause matters more.
    }
    return shown;
  }

  /** Leaves the run as one that nobody has taken yet. */
  async #giveBack(): Promise<void> {
    await this.#log.append({ type: 'released' });
    await this.#change(({ owner: _, progress: __, ...state }) => ({ ...state, status: 'queued' }));
  }

  async #storeFailure(error: StoredError, cancelled: boolean): Promise<void> {
    await this.#change(({ owner: _, progress: __, ...state }) => ({
      ...state,
      status: cancelled ? 'cancelled' : 'failed',
      error,
    }));
    await this.#log.append(cancelled ? { type: 'cancelled' } : { type: 'failed', error });
  }

  end(): void {
    clearInterval(this.#timer);
    endOwner(this.#owner);
  }

  async #change(change: (state: RunState) => RunState): Promise<void> {
    const { store } = this.#options;
    this.state = await changeOwnState({ store, runId: this.state.id, owner: this.#owner, change });
  }

  async #beat(): Promise<void> {
    if (this.#beating) return;
    this.#beating = true;
    try {
      const { store, runId } = this.#options;
      if (await cancelRequested({ store, runId })) this.#stop.abort();
      const heartbeatAt = new Date().toISOString();
      const progress = this.#progress;
      await this.#change((state) =>
        state.status !== 'running' || state.owner === undefined
          ? state
          : { ...state, owner: { ...state.owner, heartbeatAt }, ...(progress === undefined ? {} : { progress }) },
      );
    } catch (error) {
      // Whatever the store says now it says to the next change too; losing the run must stop the work at once.
      if (error instanceof RunError && error.code === 'run/taken-over') this.#giveUp(error);
    } finally {
      this.#beating = false;
    }
  }

  /** Stops the phase for a reason of the run's own. */
  #giveUp(error: unknown): void {
    this.#failure ??= error;
    this.#stop.abort(error);
  }

  #hear(event: HubEvent): void {
    this.#options.hub.onProgress?.(event);
    const warning = hubWarning(event);
    // A log that cannot be written ends the run.
    if (warning !== undefined) this.#log.append(warning).catch((error: unknown) => this.#giveUp(error));
  }

  #context(phase: PhaseName): PhaseContext {
    return {
      spec: this.#spec,
      execution: this.#options,
      hub: {
        ...this.#options.hub,
        hubUrl: this.#spec.options.hubUrl ?? this.#options.hub.hubUrl,
        signal: this.#signal,
        onProgress: (event) => this.#hear(event),
      },
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

/** What a person should know of what happened on the Hub. */
function hubWarning(event: HubEvent): RunEventBody | undefined {
  if (event.type === 'notice') return { type: 'warning', code: event.code, message: event.message };
  if (event.type !== 'renamed') return undefined;
  const message = `${event.from} is called ${event.to} now: name it so in the recipe`;
  return { type: 'warning', code: 'hub/renamed', message };
}
