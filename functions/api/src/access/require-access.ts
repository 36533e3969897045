import { type HubOptions, isPublic } from '@hubfuse/hub';
import type { Recipe } from '@hubfuse/recipe';
import { ApiError } from '../http/api-error.ts';
import { pointerOf } from '../http/pointer.ts';
import { mayEnter, type Principal } from '../http/principal.ts';
import { namespaceOf, recipeRepos } from './recipe-repos.ts';

/**
 * Checks that a key may have a recipe carried out with the server's own token: it reads what is public or in the key's
 * namespaces, and publishes into these alone. With a token of the caller's own the Hub decides that itself.
 * @throws ApiError 403 `auth/namespace`, 422 `recipe/local`
 */
export async function requireAccess(options: {
  recipe: Recipe;
  principal: Principal;
  hub: HubOptions;
  /** Whether the caller brings a token of the Hub. */
  ownToken: boolean;
}): Promise<void> {
  const { recipe, principal, hub, ownToken } = options;
  const repos = recipeRepos(recipe);
  if (ownToken) return;
  const target = recipe.publish?.hub?.repo;
  if (target !== undefined && !mayEnter(principal, namespaceOf(target))) {
    throw outside(`the key "${principal.name}" may not publish to ${target}`, 'publish.hub.repo');
  }
  const foreign = repos.filter(({ repo }) => !mayEnter(principal, namespaceOf(repo)));
  const open = await Promise.all(foreign.map((repo) => isPublic(repo, hub)));
  const closed = foreign.find((_, index) => open[index] === false);
  if (closed !== undefined) {
    throw outside(
      `the key "${principal.name}" may not read ${closed.repo}, or there is no such ${closed.type}`,
      closed.path,
    );
  }
}

function outside(message: string, path: string): ApiError {
  return new ApiError({
    status: 403,
    code: 'auth/namespace',
    message,
    pointer: pointerOf(path),
    hint: 'use a key with that namespace, or send a token of your own as X-HF-Token',
  });
}
