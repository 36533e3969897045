import type { StatisticKind } from '@hubfuse/plugin';
import type { Field } from './fields.ts';
import type { MethodSpec } from './method-spec.ts';
import type { Recipe } from './recipe.ts';
import { methodOptions } from './resolve-parameters.ts';
import type { RefreshedStatistics } from './search-section.ts';

/** The kind of statistics that each word stands for, what it is called, and a method that reads it. */
const KINDS: Readonly<Record<RefreshedStatistics, { kind: StatisticKind; what: string; method: string }>> = {
  grams: { kind: 'gram', what: 'Gram matrices', method: 'regmean' },
  fisher: { kind: 'fisher', what: 'Fisher information', method: 'fisher' },
};

/**
 * Finds what keeps `evolve.refresh` from gathering statistics anew: a method that does not read them, and models without
 * data to gather them on.
 */
export function checkRefresh(
  root: Field,
  options: { method: MethodSpec; recipe: Pick<Recipe, 'models' | 'parameters' | 'source' | 'evolve'> },
): void {
  const { method, recipe } = options;
  const refresh = recipe.evolve?.refresh;
  const field = root.get('evolve')?.get('refresh');
  if (refresh === undefined || field === undefined) return;
  const { kind, what, method: example } = KINDS[refresh];
  const read = method.statistics?.(methodOptions({ recipe, method }))?.kind;
  if (read !== kind) {
    field.report({
      code: 'recipe/contradiction',
      message: `refresh: ${refresh} gathers ${what} anew, and ${method.name} reads ${read === undefined ? 'no statistics' : `${read} statistics`}`,
      hint: `remove it, or choose a method that reads them, such as ${example}`,
    });
    return;
  }
  for (const model of recipe.models) {
    if (model.calibration !== undefined) continue;
    field.report({
      code: 'recipe/missing-key',
      message: `refresh: ${refresh} measures every model that evolution changes, and ${model.text} has no data to be measured on`,
      hint: `give it a \`calibration\` of its own, or all models one at the top level: \`calibration: data/{name}.jsonl\``,
    });
  }
}
