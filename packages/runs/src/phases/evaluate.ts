import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { toJson } from '@hubfuse/objects';
import { RunError } from '@hubfuse/plugin';
import { type EvaluateSection, type GateDifference, sameModel } from '@hubfuse/recipe';
import { buildModel } from '../build-model.ts';
import type { LocalInputs } from '../fetch-inputs.ts';
import { runKeys } from '../keys.ts';
import { localInputs } from '../local-inputs.ts';
import { requirePartial } from '../model-folder.ts';
import type { Phase, PhaseContext } from '../phase.ts';
import type { ScoreRole, ScoreRow, ScoreTable } from '../report.ts';
import type { RunPlan } from '../run-plan.ts';
import { deviceOfRun } from '../scoring/device-of-run.ts';
import { RowAnswers } from '../scoring/row-answers.ts';
import { withDifferences } from '../scoring/row-differences.ts';
import { ModelScorer, type ModelScores, type ScoredModel } from '../scoring/score-models.ts';
import { scoreReferences } from '../scoring/score-references.ts';
import { ExampleCounts, type ScoredListener, scoreRow } from '../scoring/score-rows.ts';
import { scoreTasks } from '../scoring/score-tasks.ts';
import { builtModel, inputModel } from '../scoring/scored-models.ts';
import { type ScoringData, scoringData } from '../scoring/scoring-data.ts';
import { storedPlan } from '../stored-plan.ts';
import type { MergeOutput } from './merge.ts';

/** Scores of the merged model and of what it is compared with. */
export interface EvaluateOutput {
  table: ScoreTable;
  /** Between the scores that the gate compares; absent in runs that were evaluated by an older version. */
  differences?: readonly GateDifference[];
}

/**
 * Scores the merged model, its parents, base and output ensemble, and what else the gate reads, on development and test
 * data. Each score is kept by content, so a resumed phase computes only what is missing.
 */
const evaluate: Phase = {
  name: 'evaluate',
  async run(context) {
    const { spec, execution, signal } = context;
    const plan = await storedPlan(execution.store, spec.id);
    const section = plan.recipe.evaluate;
    if (section === undefined) {
      throw new RunError({ code: 'run/nothing-to-evaluate', message: 'the plan has an evaluate phase without data' });
    }
    const inputs = await localInputs(context, plan);
    const { registry } = execution;
    const data = await scoringData({ evaluate: section, data: plan.data, paths: inputs.data, registry });
    const scorer = new ModelScorer({
      store: execution.store,
      registry,
      evaluate: section,
      data,
      workers: execution.workers,
      memory: execution.memory,
      device: deviceOfRun(execution, plan.recipe),
      signal,
      onProgress: ({ model, dataset, phase, done, total }) =>
        context.progress({ label: `${phase} ${dataset}: ${model}`, done, total, unit: 'examples' }),
    });
    try {
      const output: EvaluateOutput = await scoreAll({ context, plan, section, inputs, data, scorer });
      return { output };
    } finally {
      await scorer.close();
    }
  },
};

async function scoreAll(options: {
  context: PhaseContext;
  plan: RunPlan;
  section: EvaluateSection;
  inputs: LocalInputs;
  data: readonly ScoringData[];
  scorer: ModelScorer;
}): Promise<EvaluateOutput> {
  const { context, plan, section, inputs, data, scorer } = options;
  const { spec, execution, signal } = context;
  const counts = new ExampleCounts();
  const answers = new RowAnswers();
  const onScored: ScoredListener = async ({ name, split, scores }) => {
    counts.add(split, scores.examples);
    await context.event({ type: 'scored', name, split, mean: scores.scores.mean, cached: scores.cached });
    await keepExamples({ context, row: name, split, scores });
    for (const message of scores.warnings) {
      await context.event({ type: 'warning', code: 'evaluate/warning', message, where: name });
    }
  };
  const score = async (role: ScoreRole, model: ScoredModel): Promise<ScoreRow> =>
    await answers.record(onScored, (listener) => scoreRow({ scorer, model, role, onScored: listener }));

  const { weights } = context.output<MergeOutput>('merge');
  const folder = context.folder.temporary;
  requirePartial(folder);
  const merged =
    plan.merge.tasks === undefined
      ? await score('merged', await builtModel({ name: spec.name, folder, weights, signal }))
      : await answers.record(onScored, (listener) =>
          scoreTasks({
            ...{ scorer, folder, name: spec.name, section, workspace: execution.workspace, signal, onScored: listener },
            onUnanswered: async (datasets) => {
              const message = `no task of the merge answers ${datasets.join(', ')}: out of domain, it has no score there`;
              await context.event({ type: 'warning', code: 'evaluate/no-task', message });
            },
          }),
        );
  const models = await Promise.all(
    plan.models.map(async (model, index) => ({
      role: model.role,
      scored: await inputModel(model, inputs.folders[index] ?? '', signal),
    })),
  );
  const parents = models.filter(({ role }) => role === 'model').map(({ scored }) => scored);
  const base = models.find(({ role }) => role === 'base')?.scored ?? listedBase(plan, parents);
  const references = await scoreReferences({
    parents,
    base,
    required: rolesOfGate(plan),
    score,
    onUnfit: (reason) => context.event({ type: 'warning', ...reason }),
  });
  const rows = [merged, ...references];
  if (plan.average !== undefined) {
    await withAverage(options, plan, async (average) => {
      rows.push(await score('average', average));
    });
  }
  for (const { role, scored } of models) if (role === 'published') rows.push(await score('published', scored));
  const metric = section.metric ?? execution.registry.get('task', section.task).metric;
  return await withDifferences({
    table: { task: section.task, metric, datasets: counts.columns(data), rows, environment: scorer.environment },
    answers,
    metric: execution.registry.get('metric', metric),
    gate: plan.recipe.publish?.gate,
    signal,
  });
}

/** Where the recipe asks for it, what a model said about every example becomes an artefact of the run. */
async function keepExamples(options: {
  context: PhaseContext;
  row: string;
  split: 'dev' | 'test';
  scores: ModelScores;
}): Promise<void> {
  const { context, row, split, scores } = options;
  for (const [dataset, { perExample }] of Object.entries(scores.details)) {
    if (perExample === undefined) continue;
    const location = runKeys(context.spec.id).examples(row, split, dataset);
    await context.execution.store.put(location, toJson(perExample));
    await context.artefact({ name: `examples: ${row}, ${split}, ${dataset}`, kind: 'object', location });
  }
}

/** Rows that the gate reads: what cannot be scored there is an error, and no warning. */
function rolesOfGate({ recipe }: RunPlan): ScoreRole[] {
  const names = recipe.publish?.gate?.names ?? [];
  return [
    ...(names.includes('best_parent') ? (['parent'] as const) : []),
    ...(names.includes('base') ? (['base'] as const) : []),
  ];
}

/** Where the base is one of the models and the gate reads its score, it gets a row of its own. */
function listedBase({ recipe }: RunPlan, parents: readonly ScoredModel[]): ScoredModel | undefined {
  const { base, publish, models } = recipe;
  if (base === undefined || publish?.gate?.names.includes('base') !== true) return undefined;
  return parents[models.findIndex(({ reference }) => sameModel(reference, base.reference))];
}

/** Builds the plain average beside the merge for as long as it is scored. */
async function withAverage(
  { context, inputs }: { context: PhaseContext; inputs: LocalInputs },
  plan: RunPlan,
  action: (average: ScoredModel) => Promise<void>,
): Promise<void> {
  const { spec, execution, signal } = context;
  if (plan.average === undefined) return;
  const folder = join(execution.workspace, 'scratch', spec.id, 'average');
  const places = [...plan.models.entries()].filter(([, { role }]) => role === 'model').map(([index]) => index);
  const weights = await buildModel({
    plan: plan.average,
    models: places.flatMap((index) => plan.models[index] ?? []),
    folders: places.map((index) => inputs.folders[index] ?? ''),
    out: folder,
    registry: execution.registry,
    workers: execution.workers,
    memory: execution.memory,
    signal,
  });
  await action(await builtModel({ name: 'average', folder, weights, signal }));
  await rm(folder, { recursive: true, force: true });
}

export default evaluate;
