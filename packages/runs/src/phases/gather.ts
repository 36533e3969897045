import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { ManifestStatistics } from '@hubfuse/hub';
import type { MergePlan } from '@hubfuse/merge';
import { localInputs } from '../local-inputs.ts';
import type { Phase } from '../phase.ts';
import { planMergeOf } from '../resolve/make-plan.ts';
import { reopenInputs } from '../resolve/open-inputs.ts';
import { bringAllStatistics } from '../statistics/bring-all.ts';
import type { LocalStatistics } from '../statistics/bring-statistics.ts';
import { manifestCalibration } from '../statistics/pinned-calibrations.ts';
import type { PlannedModelStatistics } from '../statistics/statistics-plan.ts';
import { storedPlan } from '../stored-plan.ts';

export interface GatherOutput {
  /** The plan of the merge with every statistic in its place. */
  merge: MergePlan;
  /** Folder of each statistics file, in the order of `merge.statistics`. */
  folders: readonly string[];
  /** For the manifest and the card. */
  used: readonly ManifestStatistics[];
}

/** Fetches the models' statistics, or gathers those that are missing, and plans the merge with what came. */
const gather: Phase = {
  name: 'gather',

  async stands({ output }) {
    const { merge, folders } = output<GatherOutput>('gather');
    return merge.statistics.every(({ path }, index) => existsSync(join(folders[index] ?? '', path)));
  },

  async run(context) {
    const { spec, execution, hub, signal, progress } = context;
    const { registry, workers, memory, workspace } = execution;
    const plan = await storedPlan(execution.store, spec.id);
    const { folders } = await localInputs(context, plan);
    const inputs = await reopenInputs(plan, hub);
    const brought = await bringAllStatistics({
      ...{ planned: plan.statistics ?? [], inputs, folders, workspace, hub, registry, workers, memory, signal },
      onProgress: (name, { phase, pass, passes, done, total }) =>
        progress({
          label: `${phase} ${name}${passes > 1 && pass > 0 ? ` (pass ${pass} of ${passes})` : ''}`,
          ...{ done, total, unit: 'examples' },
        }),
    });
    const { shardSize } = spec.options;
    const merge = planMergeOf({ recipe: plan.recipe, inputs, registry, shardSize, statistics: brought });
    const used = brought.map((statistics, index) => usedStatistics(statistics, plan.statistics?.[index]));
    const output: GatherOutput = { merge, folders: brought.map(({ folder }) => folder), used };
    return { output };
  },
};

/** What the manifest says of one file. */
function usedStatistics(
  { kind, variant, path, sha256, provenance }: LocalStatistics,
  planned: PlannedModelStatistics | undefined,
): ManifestStatistics {
  const { model = '', found, gather, refresh } = planned ?? {};
  const calibration = refresh?.data ?? gather?.data;
  return {
    ...{ model, kind, variant, sha256 },
    file: found?.file ?? path,
    ...(found === undefined ? {} : { source: found.kind === 'hub' ? found.name : basename(found.name) }),
    ...(found?.revision === undefined ? {} : { revision: found.revision }),
    ...(calibration === undefined ? {} : { calibration: manifestCalibration(calibration) }),
    ...(provenance === undefined ? {} : { dataset: provenance.dataset, examples: provenance.examples }),
  };
}

export default gather;
