import { randomUUID } from 'node:crypto';
import { getJson, toJson } from '@hubfuse/objects';
import { type ObjectStore, RunError } from '@hubfuse/plugin';
import { STATE_FORMAT } from './formats.ts';
import { runKeys } from './keys.ts';
import type { RunState } from './run.ts';
import { markActive, markerOf, noteChange } from './run-index/note-change.ts';
import { isActive } from './state-word.ts';

const MOST_CONFLICTS = 50;

/** The state of a run with the etag that allows to change it. */
export interface VersionedState {
  state: RunState;
  etag: string;
}

/** @throws RunError `run/unknown`. */
export async function readState(store: ObjectStore, runId: string): Promise<VersionedState> {
  const found = await getJson<RunState>(store, runKeys(runId).state, STATE_FORMAT);
  if (found === undefined) throw unknownRun(store, runId);
  return { state: found.value, etag: found.etag };
}

export function unknownRun(store: ObjectStore, runId: string): RunError {
  return new RunError({
    code: 'run/unknown',
    message: `there is no run "${runId}" in ${store.url}`,
    hint: 'list the runs of this store to see their ids',
  });
}

/**
 * Changes a state by compare-and-swap: reads, lets `change` make the next state of what is there now, writes it if
 * nothing came between, else starts over. `change` may throw to refuse; returning the state that it got changes nothing.
 */
export async function changeState(
  store: ObjectStore,
  runId: string,
  change: (state: RunState) => RunState,
): Promise<RunState> {
  for (let attempt = 0; attempt < MOST_CONFLICTS; attempt++) {
    const { state, etag } = await readState(store, runId);
    const changed = change(state);
    if (changed === state) return state;
    const wakes = !isActive(state.status) && isActive(changed.status);
    const next: RunState = {
      ...changed,
      generation: (state.generation ?? 1) + (wakes ? 1 : 0),
      revision: state.revision + 1,
      updatedAt: new Date().toISOString(),
      nonce: randomUUID(),
    };
    if (wakes) await markActive(store, markerOf(next));
    if (await replaceState({ store, next, etag })) {
      await noteChange({ store, before: state, after: next });
      return next;
    }
  }
  throw new RunError({
    code: 'run/busy',
    message: `the state of the run "${runId}" changed ${MOST_CONFLICTS} times while it was to be written`,
    hint: 'more than one process works on this run',
  });
}

async function replaceState(options: { store: ObjectStore; next: RunState; etag: string }): Promise<boolean> {
  const { store, next, etag } = options;
  const key = runKeys(next.id).state;
  if ((await store.replace(key, toJson(next, STATE_FORMAT), etag)) !== undefined) return true;
  // A store behind a network may have carried out a write whose answer was lost and refuse its repetition.
  return (await readState(store, next.id)).state.nonce === next.nonce;
}
