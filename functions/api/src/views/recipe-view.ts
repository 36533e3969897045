import type { z } from '@hono/zod-openapi';
import type { StoredRecipe } from '@hubfuse/service';
import { lastRunOf } from '../access/last-run-of.ts';
import { tryParse } from '../access/recipes-of-callers.ts';
import type { RunViews } from '../access/run-views.ts';
import type { Principal } from '../http/principal.ts';
import type { RecipeSummarySchema } from '../schemas/recipe.ts';
import type { ApiServices } from '../services.ts';

/** A stored recipe as lists show it. */
export async function recipeSummaryView(
  services: ApiServices,
  { stored, principal, views }: { stored: StoredRecipe; principal: Principal; views: RunViews },
): Promise<z.infer<typeof RecipeSummarySchema>> {
  const { name, etag, key, createdAt, updatedAt } = stored;
  const [notes, lastRun] = await Promise.all([
    services.recipes.notes.list(name),
    lastRunOf(services, { recipe: name, principal, views }),
  ]);
  const recipe = tryParse(() => services.recipes.parseStored(stored))?.recipe;
  return {
    name,
    etag,
    ...(key === undefined ? {} : { key }),
    createdAt,
    updatedAt,
    ...(recipe === undefined ? {} : { method: recipe.method }),
    models: recipe?.models.map(({ text }) => text) ?? [],
    ...(recipe?.trigger?.schedule === undefined ? {} : { schedule: String(recipe.trigger.schedule) }),
    notes: notes.map((note) => ({ ...note })),
    ...(lastRun === undefined ? {} : { lastRun }),
  };
}
