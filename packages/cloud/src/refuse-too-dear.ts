import { HubfuseError, type Job, type Tariff } from '@hubfuse/plugin';
import { checkExpectedCost, estimateCost, type RunPlan, readRun, refuseRun } from '@hubfuse/runs';

/**
 * Ends a run that is expected to cost more than it may before a machine is started for it. One that cannot be planned is left to the
 * machine, which says why. Returns whether it was ended.
 */
export async function refuseTooDear({ run, store }: Job, plan: RunPlan | undefined, tariff: Tariff): Promise<boolean> {
  if (plan === undefined) return false;
  const { spec, state } = await readRun({ store, runId: run });
  const limits = state.limits ?? spec.limits;
  try {
    checkExpectedCost({ runId: run, limits, estimate: estimateCost(plan, tariff), spentUsd: state.cost?.spentUsd });
    return false;
  } catch (error) {
    if (!(error instanceof HubfuseError)) throw error;
    await refuseRun({ store, runId: run, error });
    return true;
  }
}
