import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { divideMemory } from '@hubfuse/merge';
import { type ObjectStore, RunError } from '@hubfuse/plugin';
import { type EvaluateSection, type Recipe, sameModel } from '@hubfuse/recipe';
import { buildModel } from './build-model.ts';
import { fetchInputs, type LocalInputs } from './fetch-inputs.ts';
import type { MergingOptions } from './merging-options.ts';
import type { ScoreRole, ScoreRow, ScoreTable, SplitScores } from './report.ts';
import { planMergeOf } from './resolve/make-plan.ts';
import { inputEntries, type OpenedInput, openInputs, pinModel } from './resolve/open-inputs.ts';
import { pinData } from './resolve/pin-data.ts';
import type { PinnedModel } from './run-plan.ts';
import { ModelScorer, type ScoredModel } from './scoring/score-models.ts';
import { scoreReferences } from './scoring/score-references.ts';
import { ExampleCounts, scoreRow } from './scoring/score-rows.ts';
import { builtModel, inputModel } from './scoring/scored-models.ts';
import { scoringData } from './scoring/scoring-data.ts';
import { withScratchFolder } from './scratch-folder.ts';
import { localStatistics } from './statistics/bring-all.ts';
import { planStatistics } from './statistics/plan-statistics.ts';

/** One row of a comparison: variants of which the best on development data stands for all. */
export interface Candidate {
  /** Heading of the row, e.g. the title of a method. */
  name: string;
  /** At least one; their labels tell them apart (`lambda 0.5`). */
  variants: readonly { label: string; recipe: Recipe }[];
}

export interface CompareOptions extends MergingOptions {
  /** Recipes over the same models and base, with the same `evaluate`. */
  candidates: readonly Candidate[];
  store: ObjectStore;
  /** Told what is being done, e.g. `merging TIES lambda 0.5`. */
  onStep?: ((step: string) => void) | undefined;
  onWarning?: ((warning: { code: string; message: string }) => void) | undefined;
}

/** What a comparison chose. */
export interface Choice {
  candidate: string;
  /** Label of the variant with the highest development mean; of equal ones the first. */
  label: string;
  recipe: Recipe;
  /** Development means of all variants, in their order. */
  variants: readonly { label: string; dev: number }[];
  row: ScoreRow;
}

export interface Comparison {
  /** Parents, base and ensemble, then one row for each candidate. */
  table: ScoreTable;
  choices: readonly Choice[];
  /** The choice with the highest development mean; of equal ones the first. */
  best: Choice;
}

/**
 * Merges every variant, scores it on development data, and scores the best variant of each candidate on test data beside
 * parents, base and ensemble. Models and data are fetched once; scores are kept in the store.
 * @throws RunError `run/nothing-to-compare`, `run/different-inputs`; whatever merging and scoring throw.
 */
export async function compareMethods(options: CompareOptions): Promise<Comparison> {
  const evaluate = commonEvaluation(options.candidates);
  const inputs = await gatherInputs(options, evaluate);
  const { registry, signal, store, workers, memory } = options;
  const data = await scoringData({ evaluate, data: inputs.data, paths: inputs.local.data, registry });
  const scorer = new ModelScorer({ store, registry, evaluate, data, workers, memory, signal });
  const counts = new ExampleCounts();
  const score: Score = async (role, model, splits) =>
    await scoreRow({
      scorer,
      model,
      role,
      ...(splits === undefined ? {} : { splits }),
      onScored: ({ split, scores }) => counts.add(split, scores.examples),
    });
  try {
    const rows = await referenceRows({ options, inputs, score });
    const choices: Choice[] = [];
    for (const candidate of options.candidates) choices.push(await choose({ options, inputs, candidate, score }));
    const best = choices.reduce((a, b) => (devMean(b.row) > devMean(a.row) ? b : a));
    return {
      table: {
        task: evaluate.task,
        metric: evaluate.metric ?? registry.get('task', evaluate.task).metric,
        datasets: counts.columns(data),
        rows: [...rows, ...choices.map(({ row }) => row)],
        environment: scorer.environment,
      },
      choices,
      best,
    };
  } finally {
    await scorer.close();
  }
}

type Score = (role: ScoreRole, model: ScoredModel, splits?: readonly ('dev' | 'test')[]) => Promise<ScoreRow>;

interface GatheredInputs {
  opened: readonly OpenedInput[];
  pinned: readonly PinnedModel[];
  data: Awaited<ReturnType<typeof pinData>>;
  local: LocalInputs;
}

/** Opens and fetches what any of the recipes reads, each model once. */
async function gatherInputs(options: CompareOptions, evaluate: EvaluateSection): Promise<GatheredInputs> {
  const { candidates, workingDirectory = process.cwd() } = options;
  const hub = { ...options.hub, signal: options.signal };
  const recipes = candidates.flatMap(({ variants }) => variants.map(({ recipe }) => recipe));
  const fullest = recipes.find(({ base }) => base !== undefined) ?? recipes[0];
  if (fullest === undefined) throw nothingToCompare('there are no candidates');
  const entries = inputEntries(fullest);
  for (const recipe of recipes) {
    if (recipe.evolve !== undefined || recipe.search !== undefined) {
      throw nothingToCompare('a recipe that searches is a run of its own');
    }
    const strange = inputEntries(recipe).find(
      ({ entry }) => !entries.some((other) => sameModel(other.entry.reference, entry.reference)),
    );
    if (strange === undefined) continue;
    throw new RunError({
      code: 'run/different-inputs',
      message: `the recipes to compare merge different models: ${strange.entry.text} is not in all of them`,
      hint: 'compare methods over the same models and base',
    });
  }
  const [opened, data] = await Promise.all([
    openInputs({ recipe: fullest, workingDirectory, hub }),
    pinData({ evaluate, workingDirectory, hub }),
  ]);
  const pinned = await Promise.all(opened.map(({ source, role }) => pinModel(source, role)));
  // Before anything is downloaded: a recipe that cannot be merged, or not in this memory, is known by now.
  for (const recipe of recipes) {
    const { registry } = options;
    const own = inputsOf(recipe, opened);
    const statistics = (await planStatistics(own, { recipe, workingDirectory, hub, registry }))?.statistics;
    const merge = planMergeOf({ recipe, inputs: own, registry, statistics });
    divideMemory({ plan: merge, workers: options.workers, memory: options.memory });
  }
  options.onStep?.('fetching models and data');
  return { opened, pinned, data, local: await fetchInputs({ plan: { models: pinned, data }, hub }) };
}

async function referenceRows(context: {
  options: CompareOptions;
  inputs: GatheredInputs;
  score: Score;
}): Promise<ScoreRow[]> {
  const { options, inputs, score } = context;
  const signal = options.signal ?? new AbortController().signal;
  const models = await Promise.all(
    inputs.pinned.map(async (model, index) => ({
      role: model.role,
      scored: await inputModel(model, inputs.local.folders[index] ?? '', signal),
    })),
  );
  return await scoreReferences({
    parents: models.filter(({ role }) => role === 'model').map(({ scored }) => scored),
    base: models.find(({ role }) => role === 'base')?.scored,
    score: async (role, model) => {
      options.onStep?.(`scoring ${model.name}`);
      return await score(role, model);
    },
    onUnfit: (reason) => options.onWarning?.(reason),
  });
}

/** Builds and scores the variants of a candidate one after the other; only the best so far stays on disk. */
async function choose(context: {
  options: CompareOptions;
  inputs: GatheredInputs;
  candidate: Candidate;
  score: Score;
}): Promise<Choice> {
  const { options, inputs, candidate, score } = context;
  return await withScratchFolder(options.workspace, async (scratch) => {
    const variants: { label: string; dev: number }[] = [];
    let best: { label: string; recipe: Recipe; model: ScoredModel; folder: string; dev: number } | undefined;
    for (const { label, recipe } of candidate.variants) {
      options.signal?.throwIfAborted();
      const name = `${candidate.name} ${label}`.trim();
      const folder = join(scratch, String(variants.length));
      options.onStep?.(`merging ${name}`);
      const model = await buildVariant({ options, inputs, recipe, folder, name });
      options.onStep?.(`scoring ${name}`);
      const dev = devMean(await score('candidate', model, ['dev']));
      variants.push({ label, dev });
      if (best !== undefined && dev <= best.dev) {
        await rm(folder, { recursive: true, force: true });
        continue;
      }
      if (best !== undefined) await rm(best.folder, { recursive: true, force: true });
      best = { label, recipe, model, folder, dev };
    }
    if (best === undefined) throw nothingToCompare(`"${candidate.name}" has no variants`);
    const { label, recipe, model } = best;
    return { candidate: candidate.name, label, recipe, variants, row: await score('candidate', model) };
  });
}

async function buildVariant(context: {
  options: CompareOptions;
  inputs: GatheredInputs;
  recipe: Recipe;
  folder: string;
  name: string;
}): Promise<ScoredModel> {
  const { options, inputs, recipe, folder, name } = context;
  const { registry, workers, memory, signal = new AbortController().signal } = options;
  const opened = inputsOf(recipe, inputs.opened);
  const places = opened.map(({ place }) => place);
  const folders = places.map((place) => inputs.local.folders[place] ?? '');
  const { workspace, workingDirectory = process.cwd() } = options;
  const statistics = await localStatistics({
    ...{ recipe, inputs: opened, folders, workspace, workingDirectory, registry, workers, memory, signal },
    hub: { ...options.hub, signal },
  });
  const weights = await buildModel({
    plan: planMergeOf({ recipe, inputs: opened, registry, statistics }),
    statistics: statistics?.map((one) => one.folder),
    models: places.flatMap((place) => inputs.pinned[place] ?? []),
    folders,
    out: folder,
    registry,
    workers,
    memory,
    signal,
  });
  return await builtModel({ name, folder, weights, signal });
}

/**
 * What one recipe reads of the inputs of all, in its own roles and order, with the place of each among them: a method
 * without use for a base merges the models alone.
 */
function inputsOf(recipe: Recipe, opened: readonly OpenedInput[]): (OpenedInput & { place: number })[] {
  return inputEntries(recipe).flatMap(({ role, entry }) => {
    const place = opened.findIndex((input) => sameModel(input.entry.reference, entry.reference));
    const input = opened[place];
    return input === undefined ? [] : [{ ...input, role, entry, place }];
  });
}

function commonEvaluation(candidates: readonly Candidate[]): EvaluateSection {
  const evaluate = candidates[0]?.variants[0]?.recipe.evaluate;
  if (evaluate === undefined) throw nothingToCompare('the first recipe evaluates nothing');
  return evaluate;
}

function nothingToCompare(why: string): RunError {
  return new RunError({ code: 'run/nothing-to-compare', message: `methods cannot be compared: ${why}` });
}

function devMean({ dev }: { dev?: SplitScores }): number {
  return dev?.mean ?? Number.NEGATIVE_INFINITY;
}
