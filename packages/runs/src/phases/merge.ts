import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { executeMerge, type LayerNote, type MergePlan } from '@hubfuse/merge';
import { buildModel, type WeightFile } from '../build-model.ts';
import { mergeWithChildren, sharesMerge } from '../children/merge-with-children.ts';
import type { WantedWeights } from '../fetch-inputs.ts';
import { localInputs } from '../local-inputs.ts';
import type { Phase } from '../phase.ts';
import { namedBefore } from '../publication/named-before.ts';
import { foundSearch } from '../search/found-search.ts';
import { storedPlan } from '../stored-plan.ts';
import type { GatherOutput } from './gather.ts';

/** What the merge wrote: paths below the temporary folder. */
export interface MergeOutput {
  weights: readonly WeightFile[];
  /** The linear layers that were merged whole, each with the residual of its equations. */
  layers?: readonly LayerNote[];
}

/** Merges beside the final name; the folder is a model that can be loaded, without card and manifest. */
const merge: Phase = {
  name: 'merge',

  async stands({ spec, execution, folder, output }) {
    const { weights } = output<MergeOutput>('merge');
    if (existsSync(folder.temporary)) return weights.every(({ path }) => existsSync(join(folder.temporary, path)));
    return (await namedBefore({ folder, store: execution.store, runId: spec.id })) !== undefined;
  },

  async run(context) {
    const { spec, execution, signal } = context;
    const plan = await storedPlan(execution.store, spec.id);
    const gathered = plan.statistics === undefined ? undefined : context.output<GatherOutput>('gather');
    const found = plan.search === undefined ? undefined : await foundSearch(execution.store, spec.id);
    const layers: LayerNote[] = [];
    const merged = found?.merge ?? gathered?.merge ?? plan.merge;
    const shared = sharesMerge(context, merged);
    const { folders } = await localInputs(context, plan, shared ? headsOf(merged) : undefined);
    await context.confirm();
    const weights = await buildModel({
      plan: merged,
      execute: shared ? (options) => mergeWithChildren({ context, plan }, options) : executeMerge,
      statistics: gathered?.folders,
      genealogy: found?.genealogy,
      models: plan.models,
      folders: folders.slice(0, plan.merge.inputs.length),
      out: context.folder.temporary,
      registry: execution.registry,
      workers: execution.workers,
      memory: execution.memory,
      signal,
      onProgress: ({ phase, sweep, done, total }) =>
        context.progress({ label: sweep === undefined ? phase : `${phase}: ${sweep}`, done, total, unit: 'steps' }),
      onLayer: (layer) => layers.push(layer),
    });
    for (const { tensor, residual, notes } of layers) {
      if (notes.length === 0) continue;
      const message = `${notes.join('; ')} (residual ${residual.toExponential(1)})`;
      await context.event({ type: 'warning', code: 'merge/layer', message, where: tensor });
    }
    const output: MergeOutput = layers.length === 0 ? { weights } : { weights, layers };
    return { output };
  },
};

/** Files with heads that are kept beside the model: whoever puts it together reads them. */
function headsOf({ heads }: MergePlan): WantedWeights {
  const tensors = heads.flatMap((head) => head.tensors);
  return ({ model, path }) => tensors.some(({ input, file }) => input === model && file === path);
}

export default merge;
