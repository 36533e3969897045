import type { ObjectStore } from '@hubfuse/plugin';
import { EventLog } from './event-log.ts';
import { isAlive } from './owner.ts';
import type { RunState } from './run.ts';
import { changeState } from './state-cell.ts';
import { isActive } from './state-word.ts';
import { cancellation, storedError } from './stored-error.ts';

/**
 * Stops a run, wherever it is executed: the process that works on it hears of it within seconds, and what it fetched stays in
 * the cache. A run on which nobody works is cancelled at once. One that has ended stays as it is. Executing a run that
 * was cancelled continues it.
 * @throws RunError `run/unknown`.
 */
export async function cancelRun(options: { store: ObjectStore; runId: string }): Promise<RunState> {
  const { store, runId } = options;
  let atOnce = false;
  const state = await changeState(store, runId, (state) => {
    atOnce = false;
    if (!isActive(state.status)) return state;
    const requested = state.cancellation ?? { requestedAt: new Date().toISOString(), heard: false };
    if (state.status === 'running' && state.owner !== undefined && isAlive(state.owner)) {
      return state.cancellation === undefined ? { ...state, cancellation: requested } : state;
    }
    atOnce = true;
    return cancelled({ ...state, cancellation: requested }, runId);
  });
  if (atOnce) await (await EventLog.open({ store, runId })).append({ type: 'cancelled' });
  return state;
}

/**
 * Ends an execution before it begins where the run was cancelled while nobody worked on it: whoever was sent to execute it
 * may arrive later than the cancellation. It is heard once; whoever executes the run after that means to continue it.
 * @throws RunError `run/cancelled`
 */
export async function hearCancellation(options: { store: ObjectStore; runId: string }): Promise<void> {
  const { store, runId } = options;
  let heard = false;
  await changeState(store, runId, (state) => {
    heard = false;
    if (state.cancellation?.heard !== false) return state;
    if (state.status === 'running' && state.owner !== undefined && isAlive(state.owner)) return state;
    heard = true;
    return cancelled({ ...state, cancellation: { ...state.cancellation, heard: true } }, runId);
  });
  if (heard) throw cancellation(undefined, runId);
}

function cancelled({ owner: _, progress: __, ...state }: RunState, runId: string): RunState {
  return { ...state, status: 'cancelled', error: storedError(cancellation(undefined, runId)) };
}
