import { describeRepository, type HubOptions } from '@hubfuse/hub';
import { HubError, UsageError } from '@hubfuse/plugin';
import type { Recipe } from '@hubfuse/recipe';
import { hasNamespace, type Key } from '../keys/key.ts';
import { recipeRepos } from '../recipes/recipe-uses.ts';

/** Refusals by which a Hub keeps a repository from whoever has no token. */
const CLOSED = new Set(['hub/no-token', 'hub/bad-token', 'hub/private', 'hub/forbidden', 'hub/repo-not-found']);

/**
 * Namespaces of the repositories that the service would read for a key and the public could not. The service's own token
 * opens more than a key may see, so each has to be one of the key's.
 * @throws UsageError `service/private-repo`, the same for what is private and what does not exist
 */
export async function privateNamespaces(options: { recipe: Recipe; key: Key; hub: HubOptions }): Promise<string[]> {
  const { recipe, key, hub } = options;
  const { token: _, tokenOrigin: __, ...anonymous } = hub;
  const namespaces = new Set<string>();
  for (const { type, repo } of recipeRepos(recipe)) {
    if (await isPublic({ type, repo }, anonymous)) continue;
    const namespace = repo.includes('/') ? repo.slice(0, repo.indexOf('/')) : '';
    if (!hasNamespace(key, namespace)) {
      throw new UsageError({
        code: 'service/private-repo',
        where: repo,
        message: `the ${type} ${repo} is not public, and the key "${key.name}" reads no private repositories of ${namespace || 'it'}`,
        hint: `check its name; make a key with --namespaces ${namespace || '<namespace>'}, or send a Hub token of your own`,
      });
    }
    namespaces.add(namespace);
  }
  return [...namespaces];
}

async function isPublic(repository: { type: 'model' | 'dataset'; repo: string }, hub: HubOptions): Promise<boolean> {
  try {
    return !(await describeRepository(repository, hub)).private;
  } catch (error) {
    if (error instanceof HubError && CLOSED.has(error.code)) return false;
    // Of a public repository only: an empty one, a revision that is not there. The run says so.
    if (error instanceof HubError && ['hub/no-commit', 'hub/revision-not-found', 'hub/gated'].includes(error.code)) {
      return true;
    }
    throw error;
  }
}
