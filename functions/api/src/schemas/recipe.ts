import { z } from '@hono/zod-openapi';
import { Time } from './common.ts';
import { StateSchema } from './run.ts';

export const RecipeParameters = z.object({
  name: z.string().min(1).max(100).openapi({ description: 'Name of the stored recipe.', example: 'support' }),
});

const Note = z
  .object({
    code: z.string().openapi({ example: 'parent/deleted' }),
    message: z.string(),
    hint: z.string().optional(),
    at: Time,
    repo: z.string().optional(),
  })
  .openapi('RecipeNote');

const LastRun = z
  .object({
    id: z.string(),
    state: StateSchema,
    updatedAt: Time,
    published: z
      .boolean()
      .optional()
      .openapi({ description: 'Once it is done, where something was to be published: whether it was.' }),
    score: z.number().optional().openapi({ description: 'Mean development score of the merged model, a fraction.' }),
    bestParent: z.number().optional().openapi({ description: 'The same of its best parent.' }),
  })
  .openapi('LastRun');

/** A stored recipe in a list. */
export const RecipeSummarySchema = z
  .object({
    name: z.string(),
    etag: z.string(),
    key: z
      .string()
      .optional()
      .openapi({ description: 'Id of the key that put it, whose namespaces hold for its runs.' }),
    createdAt: Time,
    updatedAt: Time,
    method: z
      .string()
      .optional()
      .openapi({ description: 'Absent where this version cannot read the recipe any more.' }),
    models: z.array(z.string()),
    schedule: z.string().optional().openapi({ description: 'When it runs by itself: a cron line.' }),
    notes: z.array(Note).openapi({ description: 'What a person should know: a parent that is gone, a cycle.' }),
    lastRun: LastRun.optional(),
  })
  .openapi('StoredRecipeSummary');

export const RecipeSchema = RecipeSummarySchema.extend({
  text: z.string().openapi({ description: 'As it was put, to the letter.' }),
}).openapi('StoredRecipe');

export const RecipePageSchema = z
  .object({ items: z.array(RecipeSummarySchema), next: z.string().optional() })
  .openapi('StoredRecipePage');
