import { getJson } from '@hubfuse/objects';
import { type ObjectStore, RunError } from '@hubfuse/plugin';
import { runKeys } from './keys.ts';
import type { RunPlan } from './run-plan.ts';

/** The plan that a run was resolved to. @throws RunError `run/no-plan`. */
export async function storedPlan(store: ObjectStore, runId: string): Promise<RunPlan> {
  const found = await getJson<RunPlan>(store, runKeys(runId).plan);
  if (found !== undefined) return found.value;
  throw new RunError({
    code: 'run/no-plan',
    message: `the run "${runId}" is resolved and its plan is gone from ${store.url}`,
    hint: 'start a fresh run',
  });
}
