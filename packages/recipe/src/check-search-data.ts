import type { Field } from './fields.ts';
import type { EvaluateSection } from './recipe.ts';

/**
 * Finds what a search has nothing to choose by: it reads development scores and their mean over the datasets of the
 * domain, never test scores.
 */
export function checkSearchData(options: {
  /** The block that searches: findings that have no place of their own stand there. */
  field: Field;
  evaluate: EvaluateSection | undefined;
  hasEvaluate: boolean;
}): void {
  const { field, evaluate, hasEvaluate } = options;
  const report = (message: string, hint: string) => field.report({ code: 'recipe/search-data', message, hint });
  if (!hasEvaluate) {
    report(
      'a search needs `evaluate`: without it nothing says which candidate is better',
      'add `evaluate` with a task, and datasets that have a `dev` file',
    );
    return;
  }
  if (evaluate === undefined) return;
  const inDomain = evaluate.datasets.filter(({ domain }) => domain === 'in');
  for (const { name, dev, path } of inDomain) {
    if (dev !== undefined) continue;
    report(
      `a search chooses by development scores, and the dataset "${name}" (${path}) has no \`dev\` file`,
      `give ${path} a \`dev\` file: test data are for the report alone`,
    );
  }
}
