import { getJson } from '@hubfuse/objects';
import { HubfuseError, type ObjectStore } from '@hubfuse/plugin';
import { requireSameData } from './fetch-inputs.ts';
import { runKeys } from './keys.ts';
import { isAlive } from './owner.ts';
import { requireSameFolders } from './resolve/open-inputs.ts';
import type { RunState, StoredError } from './run.ts';
import type { RunPlan } from './run-plan.ts';

/** Errors that say what is in the inputs, and not what happened while they were read. */
const OF_THE_INPUTS = ['TensorError', 'MergeError'];
/** Those of them that another attempt may get past. */
const OF_THE_MACHINE = ['tensors/unreadable', 'tensors/no-folder', 'merge/worker-failed', 'merge/pool-closed'];
/** What a run cannot go on without. */
const LOST = ['run/input-changed', 'run/partial-gone', 'run/no-plan'];

/** Whether every further attempt with the same pinned inputs comes to the same error. */
export function failsAgain({ name, code }: StoredError): boolean {
  return LOST.includes(code) || (OF_THE_INPUTS.includes(name) && !OF_THE_MACHINE.includes(code));
}

/**
 * Whether asking for an unfinished run again means a new one: it failed for what its pinned inputs are, which whoever asks
 * again has mended or wants to be read anew, or local inputs are not what was planned any more.
 */
export async function startsOver(store: ObjectStore, state: RunState): Promise<boolean> {
  const { id, status, error, owner } = state;
  if (status === 'failed' && error !== undefined && failsAgain(error)) return true;
  if (status === 'running' && owner !== undefined && isAlive(owner)) return false;
  const plan = (await getJson<RunPlan>(store, runKeys(id).plan))?.value;
  if (plan === undefined) return false;
  try {
    await requireSameFolders(plan.models);
    for (const file of plan.data) if (file.kind === 'local') await requireSameData(file);
    return false;
  } catch (failure) {
    if (failure instanceof HubfuseError) return true;
    throw failure;
  }
}
