import { areThere, fetchInputs, type LocalInputs, type WantedWeights } from './fetch-inputs.ts';
import type { PhaseContext } from './phase.ts';
import { requireSameFolders } from './resolve/open-inputs.ts';
import type { RunPlan } from './run-plan.ts';

/**
 * What the fetch phase brought; brought again where the cache was cleared since, or other weights are wanted.
 * @param weights default: all
 * @throws RunError `run/input-changed` where a local model is no longer what was planned: the plan says where in its files
 * every tensor lies.
 */
export async function localInputs(context: PhaseContext, plan: RunPlan, weights?: WantedWeights): Promise<LocalInputs> {
  const fetched = context.output<LocalInputs>('fetch');
  await requireSameFolders(plan.models);
  return areThere(fetched, plan, weights) ? fetched : await fetchInputs({ plan, hub: context.hub, weights });
}

/** For whoever reads no weights. */
export const NO_WEIGHTS: WantedWeights = () => false;
