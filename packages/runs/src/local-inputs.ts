import { areThere, fetchInputs, type LocalInputs } from './fetch-inputs.ts';
import type { PhaseContext } from './phase.ts';
import type { RunPlan } from './run-plan.ts';

/** What the fetch phase brought; brought again where the cache was cleared since. */
export async function localInputs(context: PhaseContext, plan: RunPlan): Promise<LocalInputs> {
  const fetched = context.output<LocalInputs>('fetch');
  return areThere(fetched, plan) ? fetched : await fetchInputs({ plan, hub: context.hub });
}
