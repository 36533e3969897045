import { requireRuntime } from '@hubfuse/evaluate';
import type { Registry } from '@hubfuse/plugin';
import { type EvaluateSection, type Recipe, recipeError } from '@hubfuse/recipe';
import type { PinnedData } from '../run-plan.ts';
import { scoringData } from '../scoring/scoring-data.ts';

/**
 * Refuses an evaluation that cannot be: without a mean, which every comparison and the card need, or without the packages
 * that score.
 * @throws RecipeError `recipe/no-domain`; EvaluationError `evaluate/not-installed`.
 */
export function checkScoring(recipe: Recipe): void {
  const { evaluate } = recipe;
  if (evaluate === undefined) return;
  requireRuntime();
  if (evaluate.datasets.some(({ domain }) => domain === 'in')) return;
  throw recipeError({
    recipe,
    path: 'evaluate.datasets',
    code: 'recipe/no-domain',
    message: 'every dataset is out of the domain, so there is no mean',
    hint: 'leave `domain: out` away where the merged model is meant for the data',
  });
}

/**
 * Reads the local files of examples as they will be read for scoring: what is wrong with them is known before the merge.
 * @throws EvaluationError that names file, and row or column.
 */
export async function checkLocalData(options: {
  evaluate: EvaluateSection;
  data: readonly PinnedData[];
  registry: Registry;
}): Promise<void> {
  const { evaluate, registry } = options;
  const data = options.data.filter(({ kind }) => kind === 'local');
  const datasets = await scoringData({ evaluate, data, paths: data.map(({ path }) => path), registry });
  for (const dataset of datasets) await dataset.load();
}
