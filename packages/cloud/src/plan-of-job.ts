import { HubfuseError, type Job } from '@hubfuse/plugin';
import { type ExecutionOptions, makePlan, type RunPlan, readRun } from '@hubfuse/runs';

/**
 * The plan of a run that waits: the stored one of a run that was resolved, else one made from headers alone. Undefined where
 * it cannot be made: the run will say why when it is executed, as any other.
 */
export async function planOfJob({ store, run, execution }: Job): Promise<RunPlan | undefined> {
  const { spec, plan } = await readRun({ store, runId: run });
  if (plan !== undefined) return plan;
  const { hub, registry } = execution as Partial<ExecutionOptions>;
  if (hub === undefined || registry === undefined) return undefined;
  const hubUrl = spec.options.hubUrl ?? hub.hubUrl;
  try {
    return await makePlan({ spec, hub: { ...hub, hubUrl }, registry, elsewhere: true });
  } catch (error) {
    if (error instanceof HubfuseError) return undefined;
    throw error;
  }
}
