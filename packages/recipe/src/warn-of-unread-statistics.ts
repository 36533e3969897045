import type { Field } from './fields.ts';
import type { MethodSpec } from './method-spec.ts';
import { STATISTICS_KEYS } from './read-calibration.ts';
import type { Recipe, RecipeWarning } from './recipe.ts';
import { methodOptions } from './resolve-parameters.ts';

/** Warns of data and files for statistics that the method does not read: once for the top level, and for each model. */
export function warnOfUnreadStatistics(
  root: Field,
  options: {
    method: MethodSpec;
    recipe: Pick<Recipe, 'models' | 'parameters' | 'source'>;
    warnings: RecipeWarning[];
  },
): void {
  const { method, recipe, warnings } = options;
  if (method.statistics?.(methodOptions({ recipe, method })) !== undefined) return;
  const models = root.get('models')?.items() ?? [];
  for (const field of [root, ...models]) {
    for (const key of STATISTICS_KEYS) {
      const unread = field.get(key);
      if (unread === undefined) continue;
      warnings.push({
        path: unread.path,
        message: `${key} changes nothing: ${method.name} reads no statistics; remove it, or choose a method that does, such as regmean`,
      });
    }
  }
}
