import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type ObjectStore, RunError } from '@hubfuse/plugin';
import { modelFolder, partialsOf } from './model-folder.ts';
import { readStoredSpec, readStoredState } from './read-stored.ts';
import { removeRun } from './remove-run.ts';
import type { RunSpec, RunState } from './run.ts';
import { markActive, markerOf } from './run-index/note-change.ts';
import { scratchOf } from './scratch-folder.ts';
import { changeState } from './state-cell.ts';
import { isActive } from './state-word.ts';
import { logFile } from './worker-process/log-file.ts';

export interface DeleteOptions {
  store: ObjectStore;
  runId: string;
  /**
   * Folder that its execution worked in, where that is on this machine: scratch files, logs and the model of the run go too. A
   * folder that the user chose for the model stays. Absent: only what the store holds goes.
   */
  workspace?: string | undefined;
}

/**
 * Deletes a run that has ended, with all that is kept of it. Killed half-way, it is ended by the next one who lists runs.
 * @throws RunError `run/unknown`; `run/active` where it waits to be executed or is.
 */
export async function deleteRun(options: DeleteOptions): Promise<void> {
  const { store, runId, workspace } = options;
  const [spec, before] = await Promise.all([readStoredSpec(store, runId), readStoredState(store, runId)]);
  // Until all is gone a marker that fits no entry tells that there is something to end.
  if (before !== undefined && !isActive(before.status)) await markActive(store, markerOf(before));
  const state = await changeState(store, runId, (state) => {
    if (isActive(state.status)) throw stillActive(state);
    return state.deleting === true ? state : { ...state, deleting: true };
  });
  if (workspace !== undefined && spec !== undefined) await removeFolders(spec, workspace);
  await removeRun({ store, state });
}

async function removeFolders(spec: RunSpec, workspace: string): Promise<void> {
  const folder = modelFolder({ spec, workspace, attempt: 0 });
  const paths = [
    ...(await partialsOf(folder)),
    ...(await scratchOf(workspace, spec.id)),
    join(workspace, 'scratch', spec.id),
    logFile(workspace, spec.id),
    ...(spec.options.out === undefined ? [folder.final] : []),
  ];
  for (const path of paths) await rm(path, { recursive: true, force: true });
}

function stillActive({ id, status }: RunState): RunError {
  return new RunError({
    code: 'run/active',
    message: `the run "${id}" ${status === 'queued' ? 'waits to be executed' : 'is being executed'}`,
    hint: 'cancel it first',
  });
}
