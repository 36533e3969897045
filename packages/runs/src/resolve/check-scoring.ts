import { requireRuntime } from '@hubfuse/evaluate';
import { type Recipe, recipeError } from '@hubfuse/recipe';

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
