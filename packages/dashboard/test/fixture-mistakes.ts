import { parse } from 'yaml';
import { METHODS } from './fixture-extensions.ts';

/** The recipe that a request names or holds. */
export function recipeIn(body: string): unknown {
  const { recipe, stored } = JSON.parse(body) as { recipe?: unknown; stored?: string };
  if (stored !== undefined) return { merge_method: 'linear', models: ['a/b', 'c/d'] };
  return typeof recipe === 'string' ? read(recipe) : recipe;
}

/** YAML as data; undefined where it is none. */
export function read(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}

/** A few of the mistakes that the service finds, with the places that it gives. */
export function mistake(recipe: unknown): Record<string, unknown> | undefined {
  const { merge_method: method, models = [] } = (recipe ?? {}) as { merge_method?: string; models?: unknown[] };
  const errors: Record<string, unknown>[] = [];
  if (!METHODS.some(({ name }) => name === method)) {
    errors.push({
      code: 'recipe/unknown-method',
      detail: `there is no merge method "${method}"`,
      pointer: '/merge_method',
      line: 2,
      column: 15,
      hint: 'did you mean "linear"?',
    });
  }
  models.forEach((model, index) => {
    const name = typeof model === 'string' ? model : String((model as { model?: unknown }).model);
    if (!name.includes('/'))
      errors.push({
        code: 'recipe/model',
        detail: `"${name}" is no model of the Hub`,
        pointer: `/models/${index}`,
        line: 4 + index,
        column: 5,
        hint: 'write org/name',
      });
  });
  return errors.length === 0 ? undefined : { ...errors[0], errors };
}
