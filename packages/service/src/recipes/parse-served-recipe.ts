import type { Registry } from '@hubfuse/plugin';
import { parseRecipe, type Recipe } from '@hubfuse/recipe';
import { checkServedRecipe } from './check-served-recipe.ts';

/**
 * Reads a recipe that came from elsewhere. Names of folders are not looked up on this machine, and whatever is no
 * repository of the configured Hub is refused.
 * @throws RecipeError
 */
export function parseServedRecipe(
  text: string,
  options: { registry: Registry; hubUrl?: string | undefined; file?: string | undefined },
): Recipe {
  const { registry, hubUrl, file } = options;
  const recipe = parseRecipe(text, { registry, file, hub: hubUrl, base: 'later', isFolder: () => false, home: '/' });
  checkServedRecipe(recipe);
  return recipe;
}
