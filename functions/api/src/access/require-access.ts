import { type HubOptions, isPublic } from '@hubfuse/hub';
import type { Recipe } from '@hubfuse/recipe';
import { ApiError } from '../http/api-error.ts';
import { pointerOf } from '../http/pointer.ts';
import { mayEnter, type Principal } from '../http/principal.ts';
import { namespaceOf, recipeRepos } from './recipe-repos.ts';

/** Where models may be copied to beside the Hub. */
export interface CopyRules {
  /** Addresses of buckets, each with all that follows it: `s3://models/team`, settings of the store included. */
  s3: readonly string[];
}

/**
 * Checks that a key may have a recipe carried out with the server's own token: it reads what is public or in the key's
 * namespaces, and publishes into these alone. With a token of the caller's own the Hub decides that itself.
 * @throws ApiError 403 `auth/namespace`, 422 `recipe/local`, `recipe/s3-target`, `recipe/publisher`
 */
export async function requireAccess(options: {
  recipe: Recipe;
  principal: Principal;
  hub: HubOptions;
  copies: CopyRules;
  /** Whether the caller brings a token of the Hub. */
  ownToken: boolean;
}): Promise<void> {
  const { recipe, principal, hub, copies, ownToken } = options;
  const repos = recipeRepos(recipe);
  requireTargets(recipe, copies);
  if (ownToken) return;
  const target = recipe.publish?.hub?.repo;
  if (target !== undefined && !mayEnter(principal, namespaceOf(target))) {
    throw outside(`the key "${principal.name}" may not publish to ${target}`, 'publish.hub.repo');
  }
  const foreign = repos.filter(({ repo }) => !mayEnter(principal, namespaceOf(repo)));
  const open = await Promise.all(foreign.map((repo) => isPublic(repo, hub)));
  const closed = foreign.find((_, index) => open[index] === false);
  if (closed !== undefined) {
    throw outside(`the key "${principal.name}" may not read ${closed.repo}, or there is no such ${closed.type}`, closed.path);
  }
}

function requireTargets(recipe: Recipe, copies: CopyRules): void {
  for (const [name, target] of Object.entries(recipe.publish?.others ?? {})) {
    if (name !== 's3') {
      throw new ApiError({
        status: 422,
        code: 'recipe/publisher',
        message: `over HTTP nothing is published by "${name}"`,
        pointer: `/publish/${name}`,
      });
    }
    const url = String(target.url ?? '');
    if (!copies.s3.some((allowed) => isBelow(url, allowed))) {
      throw new ApiError({
        status: 422,
        code: 'recipe/s3-target',
        message: 'the server copies models to no bucket of this address',
        pointer: '/publish/s3/url',
        hint:
          copies.s3.length === 0
            ? 'start it with --copy-to s3://bucket/prefix'
            : `it copies to ${copies.s3.map((allowed) => allowed.split('?')[0]).join(', ')}`,
      });
    }
  }
}

/** Whether an address is one that is allowed, or below it; what leads to another server is a part of the address. */
function isBelow(url: string, allowed: string): boolean {
  const [place = '', settings = ''] = split(url);
  const [root = '', rules = ''] = split(allowed);
  const base = root.replace(/\/+$/, '');
  if (place.split('/').some((step) => step === '..' || step === '.')) return false;
  return settings === rules && (place === base || place.startsWith(`${base}/`));
}

function split(url: string): [string, string] {
  const mark = url.indexOf('?');
  return mark === -1 ? [url, ''] : [url.slice(0, mark), url.slice(mark + 1)];
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
