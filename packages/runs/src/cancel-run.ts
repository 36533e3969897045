import type { ObjectStore } from '@hubfuse/plugin';
import { runKeys } from './keys.ts';
import { readState } from './state-cell.ts';

/**
 * Asks the process that executes a run to stop, wherever it runs; it does so within seconds. A run that was not started
 * yet stops as soon as somebody starts it. Executing a run that was stopped continues it.
 * @throws RunError `run/unknown`.
 */
export async function cancelRun(options: { store: ObjectStore; runId: string }): Promise<void> {
  const { store, runId } = options;
  const { state } = await readState(store, runId);
  if (state.status !== 'running' && state.status !== 'queued') return;
  await store.create(runKeys(runId).cancel, new Uint8Array());
}

export async function cancelRequested({ store, runId }: { store: ObjectStore; runId: string }): Promise<boolean> {
  return (await store.get(runKeys(runId).cancel)) !== undefined;
}

/** A run that is started again is meant to go on. */
export async function clearCancellation({ store, runId }: { store: ObjectStore; runId: string }): Promise<void> {
  await store.delete(runKeys(runId).cancel);
}
