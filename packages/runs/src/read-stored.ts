import { getJson } from '@hubfuse/objects';
import type { ObjectStore } from '@hubfuse/plugin';
import { SPEC_FORMAT, STATE_FORMAT } from './formats.ts';
import { runKeys } from './keys.ts';
import type { RunSpec, RunState } from './run.ts';

/** What a run was asked for; undefined where there is no such run. */
export async function readStoredSpec(store: ObjectStore, runId: string): Promise<RunSpec | undefined> {
  return (await getJson<RunSpec>(store, runKeys(runId).spec, SPEC_FORMAT))?.value;
}

/** Where a run stands; undefined where there is no such run. */
export async function readStoredState(store: ObjectStore, runId: string): Promise<RunState | undefined> {
  return (await getJson<RunState>(store, runKeys(runId).state, STATE_FORMAT))?.value;
}
