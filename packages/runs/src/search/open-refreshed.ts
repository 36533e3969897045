import type { PhaseContext } from '../phase.ts';
import type { GatherOutput } from '../phases/gather.ts';
import type { RunPlan } from '../run-plan.ts';
import { reopenStatistics } from '../statistics/open-statistics.ts';
import { refreshLimits } from './refresh-limits.ts';
import { RefreshedStatistics } from './refreshed-statistics.ts';

/** What gathers the statistics of evolved models anew; undefined where the recipe keeps those of the originals. */
export async function openRefreshed(options: {
  context: PhaseContext;
  /** Of the run, with or without its gathered statistics. */
  plan: RunPlan;
  /** Folder of each model of the plan. */
  folders: readonly string[];
  gathered: GatherOutput;
  scratch: string;
}): Promise<RefreshedStatistics | undefined> {
  const { context, plan, folders, gathered, scratch } = options;
  if (plan.recipe.evolve?.refresh === undefined) return undefined;
  const { spec, execution, hub, signal } = context;
  const { registry, workers, memory } = execution;
  return await RefreshedStatistics.open({
    plan: { ...plan, merge: gathered.merge },
    planned: plan.statistics ?? [],
    ...{ folders, scratch, registry, hub, signal },
    statistics: await reopenStatistics(gathered),
    statisticsFolders: gathered.folders,
    shardSize: spec.options.shardSize,
    limits: refreshLimits({ workers, memory }),
  });
}
