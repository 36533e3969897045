import type { Recipe } from '@hubfuse/recipe';
import type { ApiContext } from '../http/api-env.ts';
import { ApiError } from '../http/api-error.ts';
import { RecipeBody } from '../schemas/recipe-request.ts';
import type { Services } from '../services.ts';
import { chooseOne, readRemoteRecipe, recipeText } from './read-recipe.ts';

/** The recipe of a request, and its name and version where it is a stored one. */
export interface BodyRecipe {
  recipe: Recipe;
  stored?: { name: string; etag: string };
}

/**
 * Reads the recipe of a body, whatever form it has; the media type was checked before.
 * @throws RecipeError, ApiError
 */
export async function readBodyRecipe(c: ApiContext, services: Services): Promise<BodyRecipe> {
  const { registry, hub } = services;
  const read = (text: string) => readRemoteRecipe(text, { registry, hubUrl: hub.hubUrl });
  if (/^application\/yaml\b/i.test(c.req.header('content-type') ?? '')) return { recipe: read(await c.req.text()) };
  if (c.req.header('content-type') === undefined) chooseOne({});
  const body = RecipeBody.parse(await c.req.json());
  chooseOne(body);
  if (body.recipe !== undefined) return { recipe: read(recipeText(body.recipe)) };
  throw new ApiError({ status: 404, code: 'service/unknown-recipe', message: `there is no recipe "${body.stored}"` });
}
