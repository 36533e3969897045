import { type MergeMethod, RecipeError } from '@hubfuse/plugin';
import type { Recipe } from './recipe.ts';
import { recipeError } from './recipe-error.ts';

/** A base that the models' cards name. */
export interface BaseProposal {
  /** Reference to put under `base_model`. */
  base: string;
  /** The models whose cards name it. */
  namedBy: readonly string[];
}

/**
 * Refuses a recipe without `base_model` for a method that needs one, with what the models' cards propose.
 *
 * @throws RecipeError `recipe/base-missing`.
 */
export function requireBase(options: {
  recipe: Recipe;
  method: Pick<MergeMethod, 'name' | 'base'>;
  proposal?: BaseProposal | undefined;
}): void {
  const { recipe, method, proposal } = options;
  if (method.base !== 'required' || recipe.base !== undefined) return;
  const { code, summary: message, hint } = baseMissing(method.name, proposal);
  throw recipeError({ recipe, path: 'base_model', code, message, hint });
}

export function baseMissing(method: string, proposal?: BaseProposal): RecipeError {
  const hint =
    proposal === undefined
      ? 'add `base_model:` with the model that the others were fine-tuned from'
      : `add \`base_model: ${proposal.base}\`: so say the cards of ${proposal.namedBy.join(', ')}`;
  const message = `${method} works on task vectors and needs base_model`;
  return new RecipeError({ code: 'recipe/base-missing', message, hint });
}
