import { scoringEnvironment } from '@hubfuse/evaluate';
import type { HubOptions } from '@hubfuse/hub';
import type { ExecutionOptions } from '../execution.ts';
import { fetchInputs } from '../fetch-inputs.ts';
import type { RunSpec } from '../run.ts';
import type { RunPlan } from '../run-plan.ts';
import { deviceOfRun } from '../scoring/device-of-run.ts';
import { openSearchArena } from '../search/open-search-arena.ts';
import { readSearchJob, sameEnvironment, searchHelper } from './search-tasks.ts';
import type { TaskHelper } from './serve-tasks.ts';

/**
 * Opens an arena of this process over the models and data of a run, to race candidates for whoever leads its search. Undefined where scores
 * of this machine might differ from those of the others.
 */
export async function openSearchHelper(
  options: ExecutionOptions & {
    spec: RunSpec;
    plan: RunPlan;
    job: Uint8Array;
    hub: HubOptions;
    scratch: string;
    signal: AbortSignal;
    onDeclined?: ((reason: string) => void) | undefined;
  },
): Promise<TaskHelper | undefined> {
  const { spec, plan, job, hub, scratch, signal, onDeclined } = options;
  const { environment } = readSearchJob(job);
  const here = scoringEnvironment(deviceOfRun(options, plan.recipe));
  if (!sameEnvironment(here, environment)) {
    const theirs = `${environment.processor} (${environment.provider})`;
    onDeclined?.(`the search is scored on ${theirs}; here is ${here.processor} (${here.provider})`);
    return undefined;
  }
  const inputs = await fetchInputs({ plan, hub });
  const { arena } = await openSearchArena({
    context: { spec, execution: options, signal },
    ...{ plan, inputs, scratch, statistics: undefined, initial: undefined },
  });
  const helper = searchHelper({ arena, plan: plan.merge });
  return { ...helper, close: () => arena.close() };
}
