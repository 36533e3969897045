import type { Registry } from '@hubfuse/plugin';
import { parseRecipe, type Recipe } from '@hubfuse/recipe';
import { ApiError } from '../http/api-error.ts';

/** Reads a recipe as it comes over HTTP: nothing in it is looked up on this machine. @throws RecipeError */
export function readRemoteRecipe(text: string, options: { registry: Registry; hubUrl: string | undefined }): Recipe {
  const { registry, hubUrl } = options;
  return parseRecipe(text, { registry, hub: hubUrl, base: 'later', isFolder: () => false, home: '/' });
}

/** The text of a recipe in a body that was read as JSON: YAML in a string, or the recipe's own JSON. */
export function recipeText(recipe: string | Readonly<Record<string, unknown>>): string {
  return typeof recipe === 'string' ? recipe : `${JSON.stringify(recipe, undefined, 2)}\n`;
}

/** @throws ApiError where a body says neither or both of two things */
export function chooseOne(body: { recipe?: unknown; stored?: unknown }): void {
  if ((body.recipe === undefined) !== (body.stored === undefined)) return;
  throw new ApiError({
    status: 422,
    code: 'request/no-recipe',
    message: 'the body needs a recipe or the name of a stored one, and not both',
    pointer: '/recipe',
    hint: '{"recipe": "<yaml>"}, {"stored": "<name>"}, or the YAML itself as application/yaml',
  });
}
