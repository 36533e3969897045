import type { ApiContext } from '../http/api-env.ts';
import { ApiError } from '../http/api-error.ts';
import { RecipeBody } from '../schemas/recipe-request.ts';

/** What a body asks to run: the text of a recipe or the name of a stored one, and what goes along with it. */
export interface BodyRecipe {
  recipe: { text: string } | { name: string };
  seed?: number | undefined;
}

/**
 * Reads the recipe of a body, whatever form it has; the media type was checked before.
 * @throws ApiError 422 where there is none, or two
 */
export async function readBodyRecipe(c: ApiContext): Promise<BodyRecipe> {
  const type = c.req.header('content-type');
  if (type !== undefined && isYaml(type)) return { recipe: { text: await c.req.text() } };
  const body = type === undefined ? {} : RecipeBody.parse(await c.req.json());
  const { recipe, stored, seed } = body;
  if (recipe !== undefined && stored === undefined) return { recipe: { text: recipeText(recipe) }, seed };
  if (stored !== undefined && recipe === undefined) return { recipe: { name: stored }, seed };
  throw new ApiError({
    status: 422,
    code: 'request/no-recipe',
    message: 'the body needs a recipe or the name of a stored one, and not both',
    pointer: '/recipe',
    hint: '{"recipe": "<yaml>"}, {"stored": "<name>"}, or the YAML itself as application/yaml',
  });
}

export function isYaml(contentType: string): boolean {
  return /^application\/yaml\s*(;|$)/i.test(contentType);
}

/** The text of a recipe in a body that was read as JSON: YAML in a string, or the recipe's own JSON. */
function recipeText(recipe: string | Readonly<Record<string, unknown>>): string {
  return typeof recipe === 'string' ? recipe : `${JSON.stringify(recipe, undefined, 2)}\n`;
}
