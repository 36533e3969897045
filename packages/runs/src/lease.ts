import { type ObjectStore, RunError } from '@hubfuse/plugin';
import { beginOwner, endOwner, isAlive, LEASE_MS } from './owner.ts';
import type { RunOwner, RunState } from './run.ts';
import { changeState, unknownRun } from './state-cell.ts';

const LONGEST_BEAT_MS = 2_000;

/**
 * One execution's right to work on a run, renewed by every change of the state. Another process may take the run over once
 * it was not renewed for `leaseMs`: a process that stood still that long has lost it without knowing.
 */
export class Lease {
  /** Milliseconds between two signs of life. */
  readonly beatMs: number;
  readonly #store: ObjectStore;
  readonly #runId: string;
  readonly #leaseMs: number;
  readonly #owner: RunOwner;
  /** When the last renewal that is known to have succeeded began, on two clocks: one of them may be set or stand still. */
  #renewed = { wall: 0, steady: 0 };
  /** Why nothing may be written any more. */
  #lost: RunError | undefined;
  /** The owner has left the state; what belongs to that end may still be written. */
  #resigned = false;

  /**
   * Takes a run: no two processes execute one run.
   * @throws RunError `run/already-running` while another owner is alive; whatever `permit` throws.
   */
  static async take(options: {
    store: ObjectStore;
    runId: string;
    leaseMs?: number | undefined;
    /** Refuses a state that must not be taken, and says what it becomes. */
    permit: (state: RunState) => RunState;
  }): Promise<{ lease: Lease; state: RunState; predecessor: RunOwner | undefined }> {
    const { store, runId, leaseMs = LEASE_MS, permit } = options;
    const lease = new Lease({ store, runId, leaseMs });
    const begun = moment();
    let predecessor: RunOwner | undefined;
    try {
      const state = await changeState(store, runId, (state) => {
        if (state.status === 'running' && state.owner !== undefined && isAlive(state.owner)) {
          throw alreadyRunning(runId, state.owner);
        }
        if (state.deleting === true) throw unknownRun(store, runId);
        predecessor = state.owner;
        const { error: _, progress: __, ...rest } = permit(state);
        const owner = { ...lease.#owner, heartbeatAt: new Date().toISOString() };
        return { ...rest, status: 'running', owner, attempts: state.attempts + 1 };
      });
      lease.#renewed = begun;
      return { lease, state, predecessor };
    } catch (error) {
      lease.end();
      throw error;
    }
  }

  private constructor(options: { store: ObjectStore; runId: string; leaseMs: number }) {
    this.#store = options.store;
    this.#runId = options.runId;
    this.#leaseMs = options.leaseMs;
    this.beatMs = Math.min(LONGEST_BEAT_MS, options.leaseMs / 4);
    this.#owner = beginOwner(options.leaseMs);
  }

  /**
   * Changes the state of the run, and renews the lease.
   * @throws RunError `run/taken-over` where another process owns it by now.
   */
  async change(change: (state: RunState) => RunState): Promise<RunState> {
    if (this.#lost !== undefined) throw this.#lost;
    const begun = moment();
    const state = await changeState(this.#store, this.#runId, (state) => {
      if (state.owner?.nonce !== this.#owner.nonce) throw this.#lose();
      const owner = { ...state.owner, heartbeatAt: new Date().toISOString() };
      return { ...change({ ...state, owner }) };
    });
    this.#renewed = begun;
    this.#resigned = state.owner?.nonce !== this.#owner.nonce;
    return state;
  }

  /**
   * To be awaited before every write on behalf of the run, in the store and elsewhere. It costs nothing while the lease is
   * young; after a pause it asks the store.
   * @throws RunError `run/taken-over` where the run has another owner, or this execution has ended.
   */
  async confirm(): Promise<void> {
    if (this.#lost !== undefined) throw this.#lost;
    // Half of the lease is left to the write itself.
    if (this.#age() < this.#leaseMs / 2) return;
    if (this.#resigned) throw this.#lose();
    await this.change((state) => state);
  }

  /** Ends the execution: it owns nothing, and what it may have left behind can write nothing. */
  end(): void {
    endOwner(this.#owner);
    this.#lost ??= takenOver(this.#runId);
  }

  #lose(): RunError {
    this.#lost ??= takenOver(this.#runId);
    return this.#lost;
  }

  #age(): number {
    const now = moment();
    const { wall, steady } = this.#renewed;
    // A clock that was set back says nothing about the time that went by.
    return now.wall < wall ? Number.POSITIVE_INFINITY : Math.max(now.wall - wall, now.steady - steady);
  }
}

function moment(): { wall: number; steady: number } {
  return { wall: Date.now(), steady: performance.now() };
}

function alreadyRunning(runId: string, { pid, host }: RunOwner): RunError {
  return new RunError({
    code: 'run/already-running',
    message: `the run "${runId}" is being executed by process ${pid} on ${host}`,
    hint: 'wait for it, or end that process and start again: the run continues where it was',
  });
}

function takenOver(runId: string): RunError {
  return new RunError({
    code: 'run/taken-over',
    message: `this process no longer owns the run "${runId}"`,
    hint: 'it stood still for too long, or has ended; another one goes on',
  });
}
