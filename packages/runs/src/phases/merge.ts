import { buildModel, type WeightFile } from '../build-model.ts';
import { localInputs } from '../local-inputs.ts';
import { modelFolder } from '../model-folder.ts';
import type { Phase } from '../phase.ts';
import { storedPlan } from '../stored-plan.ts';
import type { GatherOutput } from './gather.ts';

/** What the merge wrote: paths below the temporary folder. */
export interface MergeOutput {
  weights: readonly WeightFile[];
}

/** Merges beside the final name; the folder is a model that can be loaded, without card and manifest. */
const merge: Phase = {
  name: 'merge',
  async run(context) {
    const { spec, execution, signal } = context;
    const plan = await storedPlan(execution.store, spec.id);
    const { folders } = await localInputs(context, plan);
    const gathered = plan.statistics === undefined ? undefined : context.output<GatherOutput>('gather');
    const weights = await buildModel({
      plan: gathered?.merge ?? plan.merge,
      statistics: gathered?.folders,
      models: plan.models,
      folders: folders.slice(0, plan.merge.inputs.length),
      out: modelFolder(spec, execution.workspace).temporary,
      registry: execution.registry,
      workers: execution.workers,
      memory: execution.memory,
      signal,
      onProgress: ({ phase, sweep, done, total }) =>
        context.progress({ label: sweep === undefined ? phase : `${phase}: ${sweep}`, done, total, unit: 'steps' }),
    });
    const output: MergeOutput = { weights };
    return { output };
  },
};

export default merge;
