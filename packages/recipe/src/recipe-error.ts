import { RecipeError } from '@hubfuse/plugin';
import type { Position, Recipe } from './recipe.ts';

/**
 * An error of a later phase that points into the recipe: at the setting of that path, or at the nearest one around it
 * that the text holds.
 */
export function recipeError(options: {
  recipe: Pick<Recipe, 'source'>;
  /** `models[1].model`, `models[*].parameters.weight` */
  path: string;
  /** Setting whose position is shown; default `path`. */
  at?: string | undefined;
  code: string;
  message: string;
  hint?: string | undefined;
  cause?: unknown;
  others?: readonly RecipeError[];
}): RecipeError {
  const { recipe, path, at = path, code, message, hint, cause, others } = options;
  const { file, positions } = recipe.source;
  const [line, column] = positions === undefined ? [] : nearestPosition(positions, at);
  const place = { file, path, line, column };
  return new RecipeError({ code, message, hint, cause, place, ...(others === undefined ? {} : { others }) });
}

function nearestPosition(positions: Readonly<Record<string, Position>>, path: string): Position {
  for (let at = path; at !== ''; at = at.replace(/(^|\.?)([^.[\]]+|\[[^\]]*\])$/, '')) {
    const position = Object.hasOwn(positions, at) ? positions[at] : undefined;
    if (position !== undefined) return position;
    if (!/[.[]/.test(at)) break;
  }
  return [1, 1];
}
