import { z } from '@hono/zod-openapi';
import { OpenObject } from './common.ts';

/** A recipe in the body of a request: JSON that holds it or names it, or the YAML itself. */
export const RecipeBody = z
  .strictObject({
    recipe: z
      .union([z.string(), OpenObject])
      .optional()
      .openapi({ description: 'The recipe: YAML or JSON as a text, or the JSON itself.' }),
    stored: z.string().min(1).max(100).optional().openapi({ description: 'Name of a stored recipe.' }),
    seed: z.int().min(0).optional().openapi({ description: "Put in the place of the recipe's seed." }),
  })
  .openapi('RecipeRequest', { description: 'A recipe, or the name of a stored one: one of the two.' });

export const YamlBody = z
  .string()
  .openapi({ description: 'A recipe.', example: 'merge_method: linear\nmodels: [a/b, c/d]\n' });

export const RECIPE_CONTENT = {
  'application/json': { schema: RecipeBody },
  'application/yaml': { schema: YamlBody },
} as const;
