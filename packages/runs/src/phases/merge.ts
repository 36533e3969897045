import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ManifestStatistics } from '@hubfuse/hub';
import { type ExecuteMergeOptions, executeMerge, type Genealogy, type LayerNote, type MergePlan } from '@hubfuse/merge';
import { buildModel, type WeightFile } from '../build-model.ts';
import { mergeWithChildren, sharesMerge } from '../children/merge-with-children.ts';
import type { WantedWeights } from '../fetch-inputs.ts';
import { localInputs } from '../local-inputs.ts';
import type { Phase, PhaseContext } from '../phase.ts';
import { namedBefore } from '../publication/named-before.ts';
import type { RunPlan } from '../run-plan.ts';
import { withScratchFolder } from '../scratch-folder.ts';
import { foundSearch } from '../search/found-search.ts';
import { openRefreshed } from '../search/open-refreshed.ts';
import type { RefreshedMerge } from '../search/refreshed-statistics.ts';
import { storedPlan } from '../stored-plan.ts';
import type { GatherOutput } from './gather.ts';

/** What the merge wrote: paths below the temporary folder. */
export interface MergeOutput {
  weights: readonly WeightFile[];
  /** The linear layers that were merged whole, each with the residual of its equations. */
  layers?: readonly LayerNote[];
  /** What was read in the place of the statistics of the original models, where evolution has changed them. */
  statistics?: readonly ManifestStatistics[];
}

/** Of a run that merged large layers without onnxruntime. */
const SLOW_PRODUCTS = {
  type: 'warning',
  code: 'merge/slow-products',
  message:
    'onnxruntime is not installed or cannot be loaded: the products of large layers were computed by kernels of our own, several times slower',
} as const;

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
    const { registry, workers, memory } = execution;
    const merging = { registry, workers, memory, signal };
    const { weights, statistics } = await withRefreshed(
      { context, plan, folders, gathered, genealogy: found?.genealogy, merging },
      (refreshed) =>
        buildModel({
          plan: refreshed?.plan ?? merged,
          execute: shared ? (options) => mergeWithChildren({ context, plan }, options) : executeMerge,
          statistics: refreshed?.folders ?? gathered?.folders,
          genealogy: found?.genealogy,
          models: plan.models,
          folders: folders.slice(0, plan.merge.inputs.length),
          out: context.folder.temporary,
          ...merging,
          onProgress: ({ phase, sweep, done, total }) =>
            context.progress({ label: sweep === undefined ? phase : `${phase}: ${sweep}`, done, total, unit: 'steps' }),
          onLayer: (layer) => layers.push(layer),
        }),
    );
    if (layers.some(({ products }) => products === 'kernels')) await context.event(SLOW_PRODUCTS);
    for (const { tensor, residual, notes } of layers) {
      if (notes.length === 0) continue;
      const message = `${notes.join('; ')} (residual ${residual.toExponential(1)})`;
      await context.event({ type: 'warning', code: 'merge/layer', message, where: tensor });
    }
    const output: MergeOutput = {
      weights,
      ...(layers.length === 0 ? {} : { layers }),
      ...(statistics === undefined ? {} : { statistics }),
    };
    return { output };
  },
};

/** Files with heads that are kept beside the model: whoever puts it together reads them. */
function headsOf({ heads }: MergePlan): WantedWeights {
  const tensors = heads.flatMap((head) => head.tensors);
  return ({ model, path }) => tensors.some(({ input, file }) => input === model && file === path);
}

/** Builds with the statistics of evolved models where the recipe wants those. */
async function withRefreshed(
  options: {
    context: PhaseContext;
    plan: RunPlan;
    folders: readonly string[];
    gathered: GatherOutput | undefined;
    genealogy: Genealogy | undefined;
    merging: Pick<ExecuteMergeOptions, 'registry' | 'workers' | 'memory' | 'signal'>;
  },
  build: (refreshed: RefreshedMerge | undefined) => Promise<WeightFile[]>,
): Promise<Pick<MergeOutput, 'weights' | 'statistics'>> {
  const { context, gathered, genealogy, merging } = options;
  if (gathered === undefined || genealogy === undefined || options.plan.recipe.evolve?.refresh === undefined) {
    return { weights: await build(undefined) };
  }
  const { workspace } = context.execution;
  return await withScratchFolder(
    workspace,
    async (scratch) => {
      const refreshed = await openRefreshed({ ...options, gathered, scratch });
      const merged = await refreshed?.merge(genealogy, async (individual) => {
        await executeMerge({ ...individual, ...merging });
      });
      const statistics = gathered.used.map((original, index) => merged?.gathered.get(index) ?? original);
      return { weights: await build(merged), statistics };
    },
    context.spec.id,
  );
}

export default merge;
