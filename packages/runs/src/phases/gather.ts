import type { MergePlan } from '@hubfuse/merge';
import type { StatisticRequest, StatisticsProvenance } from '@hubfuse/plugin';
import { localInputs } from '../local-inputs.ts';
import type { Phase } from '../phase.ts';
import { planMergeOf } from '../resolve/make-plan.ts';
import { reopenInputs } from '../resolve/open-inputs.ts';
import { bringStatistics, type LocalStatistics } from '../statistics/bring-statistics.ts';
import { storedPlan } from '../stored-plan.ts';

/** One statistics file that the merge reads. */
export interface UsedStatistics extends StatisticRequest {
  /** What the model is called. */
  model: string;
  /** Repository or folder of the file; absent where the run gathered it. */
  source?: string;
  file: string;
  revision?: string;
  sha256: string;
  provenance?: StatisticsProvenance;
}

export interface GatherOutput {
  /** The plan of the merge with every statistic in its place. */
  merge: MergePlan;
  /** Folder of each statistics file, in the order of `merge.statistics`. */
  folders: readonly string[];
  used: readonly UsedStatistics[];
}

/** Fetches the models' statistics, or gathers those that are missing, and plans the merge with what came. */
const gather: Phase = {
  name: 'gather',
  async run(context) {
    const { spec, execution, hub, signal, progress } = context;
    const { registry, workers, memory, workspace } = execution;
    const plan = await storedPlan(execution.store, spec.id);
    const { folders } = await localInputs(context, plan);
    const inputs = await reopenInputs(plan, hub);
    const brought: LocalStatistics[] = [];
    for (const [index, { entry, source, role }] of inputs.entries()) {
      const planned = role === 'model' ? plan.statistics?.[brought.length] : undefined;
      if (planned === undefined) continue;
      const { name, revision } = source;
      brought.push(
        await bringStatistics({
          ...{ planned, entry, revision, folder: folders[index] ?? '' },
          ...{ workspace, hub, registry, workers, memory, signal },
          onProgress: ({ phase, pass, passes, done, total }) =>
            progress({
              label: `${phase} ${name}${passes > 1 && pass > 0 ? ` (pass ${pass} of ${passes})` : ''}`,
              ...{ done, total, unit: 'examples' },
            }),
        }),
      );
    }
    const { shardSize } = spec.options;
    const merge = planMergeOf({ recipe: plan.recipe, inputs, registry, shardSize, statistics: brought });
    const used = brought.map((statistics, index): UsedStatistics => {
      const { model = '', found, request } = plan.statistics?.[index] ?? {};
      const { path, sha256, provenance } = statistics;
      return {
        ...{ kind: statistics.kind, variant: request?.variant ?? statistics.variant, model, sha256 },
        file: found?.file ?? path,
        ...(found === undefined ? {} : { source: found.name }),
        ...(found?.revision === undefined ? {} : { revision: found.revision }),
        ...(provenance === undefined ? {} : { provenance }),
      };
    });
    const output: GatherOutput = { merge, folders: brought.map(({ folder }) => folder), used };
    return { output };
  },
};

export default gather;
