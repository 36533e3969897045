import { RecipeError } from '@hubfuse/plugin';
import { type ParseRecipeOptions, parseRecipe, type Recipe } from '@hubfuse/recipe';
import { stubRegistry } from './registry.ts';

const options: ParseRecipeOptions = { registry: stubRegistry(), file: 'recipe.yaml', isFolder: () => false };

/** Reads a recipe with the stub registry; nothing counts as an existing folder. */
export function read(text: string, more: Partial<ParseRecipeOptions> = {}): Recipe {
  return parseRecipe(text, { ...options, ...more });
}

/** The error of a recipe that has to be refused. */
export function refusal(text: string, more: Partial<ParseRecipeOptions> = {}): RecipeError {
  return refused(() => read(text, more));
}

/** The RecipeError that a call throws. */
export function refused(call: () => unknown): RecipeError {
  try {
    call();
  } catch (error) {
    if (error instanceof RecipeError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}
