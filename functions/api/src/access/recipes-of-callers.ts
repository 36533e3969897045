import { hasNamespace, type ParsedRecipe, recipeRepos, type StoredRecipe } from '@hubfuse/service';
import { ApiError } from '../http/api-error.ts';
import { mayUse, type Principal } from '../http/principal.ts';
import type { ApiServices } from '../services.ts';

/** A stored recipe as a caller names it. */
export interface RecipeOfCaller {
  name: string;
  principal: Principal;
}

/** Whether a caller may change a stored recipe: the key that put it, the scope `admin`, or anybody where no key did. */
export function maySteer(stored: StoredRecipe, principal: Principal): boolean {
  return mayUse(principal, 'admin') || stored.key === undefined || stored.key === principal.key?.id;
}

/**
 * Whether a caller may read a stored recipe: whoever may change it, and whose namespaces hold every repository that it
 * names, since even the name of a private one is nobody else's.
 */
export function maySeeRecipe(
  { recipes }: ApiServices,
  { stored, principal }: { stored: StoredRecipe; principal: Principal },
): boolean {
  if (maySteer(stored, principal)) return true;
  const { key } = principal;
  const parsed = tryParse(() => recipes.parseStored(stored));
  if (key === undefined || parsed === undefined) return false;
  const target = parsed.recipe.publish?.hub?.repo;
  const repos = [...recipeRepos(parsed.recipe).map(({ repo }) => repo), ...(target === undefined ? [] : [target])];
  return repos.every((repo) => hasNamespace(key, repo.split('/', 1)[0] ?? ''));
}

/** @throws ApiError 404 `service/unknown-recipe` where there is none, or the caller may not know of it */
export async function requireStoredRecipe(
  services: ApiServices,
  { name, principal }: RecipeOfCaller,
): Promise<StoredRecipe> {
  const stored = await services.recipes.get(name);
  if (stored !== undefined && maySeeRecipe(services, { stored, principal })) return stored;
  throw new ApiError({
    status: 404,
    code: 'service/unknown-recipe',
    message: `there is no stored recipe "${name.slice(0, 80)}"`,
    hint: 'GET /v1/recipes lists those that this key may see',
  });
}

/** A recipe that this version of hubfuse cannot read any more is shown, and says nothing of itself. */
export function tryParse(parse: () => ParsedRecipe): ParsedRecipe | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}
