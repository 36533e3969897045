import { requireRuntime } from '@hubfuse/evaluate';
import { describeLicences, type HubOptions, type LicenceVerdict } from '@hubfuse/hub';
import { type MergePlan, planMerge } from '@hubfuse/merge';
import type { ModelStatistics, Registry } from '@hubfuse/plugin';
import { type Recipe, requireBase, searchSpace } from '@hubfuse/recipe';
import type { GatheringLimits } from '@hubfuse/statistics';
import type { PhaseName } from '../phase.ts';
import { publishTargets } from '../publication/publish-targets.ts';
import type { RunSpec } from '../run.ts';
import type { PinnedModel, PlanWarning, RunPlan } from '../run-plan.ts';
import { type SearchSize, searchSize } from '../search/search-size.ts';
import { planStatistics, type StatisticsPlan } from '../statistics/plan-statistics.ts';
import { averageRecipe } from './average-recipe.ts';
import { checkLocalData } from './check-local-data.ts';
import { computeWarnings } from './compute-warnings.ts';
import { type OpenedInput, openInputs, pinModel } from './open-inputs.ts';
import { openPublished } from './open-published.ts';
import { pinData } from './pin-data.ts';
import { proposeBase } from './propose-base.ts';

/** What the graph for transformers.js stores, whatever the precision of the merge. */
const FLOAT32_BYTES = 4;

/**
 * Makes the plan of a run: pins models and data, reads headers, decides the fate of every tensor. Writes nothing.
 * @throws HubError, RecipeError, MergeError, EvaluationError: whatever would make the run fail that can be known now.
 */
export async function makePlan(options: {
  spec: Pick<RunSpec, 'recipe' | 'options'>;
  hub: HubOptions;
  registry: Registry;
  /** Memory and threads that the run will have: they decide how statistics are gathered. */
  limits?: GatheringLimits | undefined;
  /** The run will be executed by another machine: this one needs nothing to score with. Default false. */
  elsewhere?: boolean | undefined;
}): Promise<RunPlan> {
  const { spec, hub, registry, limits, elsewhere = false } = options;
  const recipe = effectiveRecipe(spec);
  const workingDirectory = spec.options.workingDirectory ?? process.cwd();
  if (recipe.evaluate !== undefined && !elsewhere) requireRuntime();
  const target = recipe.publish?.gate?.names.includes('published') ? recipe.publish.hub : undefined;
  const [inputs, data, published] = await Promise.all([
    openInputs({ recipe, workingDirectory, hub }),
    recipe.evaluate === undefined ? [] : pinData({ evaluate: recipe.evaluate, workingDirectory, hub }),
    target === undefined ? undefined : openPublished(target, hub),
  ]);
  const examples =
    recipe.evaluate === undefined ? undefined : await checkLocalData({ evaluate: recipe.evaluate, data, registry });
  const cards = inputs.map(({ source, inspection }) => ({ name: source.name, baseModels: inspection.card.baseModels }));
  requireBase({ recipe, method: registry.get('method', recipe.method), proposal: proposeBase(cards) });
  const statistics = await planStatistics(inputs, { recipe, workingDirectory, hub, registry, limits });
  const merge = planMergeOf({
    ...{ recipe, inputs, registry, shardSize: spec.options.shardSize },
    statistics: statistics?.statistics,
  });
  const average = recipe.publish?.gate?.names.includes('average')
    ? planMergeOf({ recipe: averageRecipe(recipe), inputs: inputs.filter(({ role }) => role === 'model'), registry })
    : undefined;
  const search = sizeOfSearch({ recipe, registry, examples, merge, statistics: statistics?.planned });
  const licence = describeLicences(inputs.map(licenceInput));
  const models = await Promise.all(inputs.map(({ source, role }) => pinModel(source, role)));
  if (published !== undefined) models.push(await pinModel(published, 'published'));
  return {
    recipe,
    phases: phasesOf(recipe, { readsStatistics: statistics !== undefined, publishes: spec.options.publish !== false }),
    models,
    data,
    merge,
    ...(statistics === undefined ? {} : { statistics: statistics.planned.filter((one) => one !== undefined) }),
    ...(average === undefined ? {} : { average }),
    ...(search === undefined ? {} : { search }),
    licence,
    card: cardFacts(inputs),
    bytes: { download: downloadBytes(models) + statisticsBytes(statistics), output: outputBytes(merge) },
    warnings: [
      ...collectWarnings({ recipe, inputs, merge, licence }),
      ...computeWarnings({ recipe, merge }),
      ...(statistics?.warnings ?? []),
    ],
  };
}

/** The recipe with what the command line put in the place of its values. */
export function effectiveRecipe(spec: Pick<RunSpec, 'recipe' | 'options'>): Recipe {
  return spec.options.seed === undefined ? spec.recipe : { ...spec.recipe, seed: spec.options.seed };
}

function sizeOfSearch(options: {
  recipe: Recipe;
  registry: Registry;
  /** Development examples that are known already. */
  examples: number | undefined;
  merge: MergePlan;
  statistics: StatisticsPlan['planned'] | undefined;
}): SearchSize | undefined {
  const { recipe, registry, examples, merge, statistics } = options;
  const { parameters } = merge.totals;
  const method = registry.get('method', recipe.method);
  const coefficients = searchSpace({ recipe, method }).length;
  const size = searchSize({ recipe, alone: method.evolves === true, coefficients, statistics, parameters });
  return size === undefined || examples === undefined ? size : { ...size, examples };
}

/** Decides the fate of every tensor of opened inputs. */
export function planMergeOf(options: {
  recipe: Recipe;
  inputs: readonly OpenedInput[];
  registry: Registry;
  shardSize?: number | undefined;
  /** Of the models, in the order of the recipe, where the method reads some. */
  statistics?: readonly (ModelStatistics | undefined)[] | undefined;
}): MergePlan {
  const { recipe, inputs, registry, shardSize, statistics } = options;
  const base = inputs.find(({ role }) => role === 'base');
  return planMerge({
    recipe,
    ...(base === undefined ? {} : { base: mergeInput(base) }),
    models: inputs
      .filter(({ role }) => role === 'model')
      .map((input, index) => ({ ...mergeInput(input), statistics: statistics?.[index] })),
    registry,
    shardSize,
  });
}

function mergeInput({ source, checkpoint, inspection }: OpenedInput) {
  return { source, checkpoint, config: inspection.config ?? {} };
}

function licenceInput({ source, inspection }: OpenedInput) {
  const { licence, licenceName, licenceLink } = inspection.card;
  return { name: source.name, licence, licenceName, licenceLink };
}

/** What the inputs' cards agree on, and the lists of all of them. */
function cardFacts(inputs: readonly OpenedInput[]): RunPlan['card'] {
  const cards = inputs.filter(({ role }) => role === 'model').map(({ inspection }) => inspection.card);
  const common = (key: 'pipelineTag' | 'libraryName'): Partial<RunPlan['card']> => {
    const [first, ...others] = new Set(cards.map((card) => card[key]));
    return first === undefined || others.length > 0 ? {} : { [key]: first };
  };
  return {
    ...common('pipelineTag'),
    ...common('libraryName'),
    languages: [...new Set(cards.flatMap(({ languages }) => languages))],
    datasets: [...new Set(cards.flatMap(({ datasets }) => datasets))],
  };
}

function phasesOf(
  recipe: Recipe,
  { readsStatistics, publishes }: { readsStatistics: boolean; publishes: boolean },
): PhaseName[] {
  const { evaluate, publish } = recipe;
  return [
    'fetch',
    ...(readsStatistics ? (['gather'] as const) : []),
    ...(recipe.evolve === undefined && recipe.search === undefined ? [] : (['search'] as const)),
    'merge',
    ...(evaluate === undefined ? [] : (['evaluate'] as const)),
    ...(publish?.gate === undefined ? [] : (['gate'] as const)),
    'assemble',
    ...(publishes && publishTargets(recipe).length > 0 ? (['publish'] as const) : []),
  ];
}

function downloadBytes(models: readonly PinnedModel[]): number {
  const remote = models.filter(({ kind }) => kind === 'hub');
  return remote.flatMap(({ files }) => files).reduce((sum, { size }) => sum + size, 0);
}

/** Statistics and data to gather them on that have to come. */
function statisticsBytes(statistics: StatisticsPlan | undefined): number {
  const planned = statistics?.planned ?? [];
  return planned.reduce((sum, one) => {
    const files = [one?.found ?? one?.gather?.data, one?.gather === undefined ? one?.refresh?.data : undefined];
    return files.reduce((bytes, file) => bytes + (file?.kind === 'hub' ? file.size : 0), sum);
  }, 0);
}

function outputBytes({ totals }: MergePlan): number {
  return totals.writeBytes + FLOAT32_BYTES * totals.parameters;
}

function collectWarnings(options: {
  recipe: Recipe;
  inputs: readonly OpenedInput[];
  merge: MergePlan;
  licence: LicenceVerdict;
}): PlanWarning[] {
  const { recipe, inputs, merge, licence } = options;
  return [
    // Those of the recipe, which the plan of the merge repeats, with their place.
    ...recipe.warnings.map(({ message, path }) => ({ code: 'recipe/warning', message, where: path })),
    ...inputs.flatMap(({ inspection, entry }) =>
      inspection.findings.map(({ code, message }) => ({ code, message, where: entry.path })),
    ),
    ...merge.warnings
      .filter((message) => !recipe.warnings.some((warning) => warning.message === message))
      .map((message) => ({ code: 'merge/warning', message })),
    ...licence.findings
      .filter(({ severity }) => severity !== 'note')
      .map(({ severity, message }) => ({ code: `licence/${severity}`, message })),
  ];
}
