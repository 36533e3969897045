import { type HubOptions, isPublic } from '@hubfuse/hub';
import { UsageError } from '@hubfuse/plugin';
import type { Recipe } from '@hubfuse/recipe';
import { hasNamespace, type Key } from '../keys/key.ts';
import { recipeRepos } from '../recipes/recipe-uses.ts';

/**
 * Namespaces of the repositories that the service would read for a key and the public could not. The service's own token
 * opens more than a key may see, so each has to be one of the key's.
 * @throws UsageError `service/private-repo`, the same for what is private and what does not exist
 */
export async function privateNamespaces(options: { recipe: Recipe; key: Key; hub: HubOptions }): Promise<string[]> {
  const { recipe, key, hub } = options;
  const namespaces = new Set<string>();
  for (const { type, repo } of recipeRepos(recipe)) {
    if (await isPublic({ type, repo }, hub)) continue;
    const namespace = repo.includes('/') ? repo.slice(0, repo.indexOf('/')) : '';
    if (!hasNamespace(key, namespace)) {
      throw new UsageError({
        code: 'service/private-repo',
        where: repo,
        message: `the ${type} ${repo} is not public, and the key "${key.name}" reads no private repositories of ${namespace || 'it'}`,
        hint: `check its name; make a key with --namespace ${namespace || '<namespace>'}, or send a Hub token of your own`,
      });
    }
    namespaces.add(namespace);
  }
  return [...namespaces];
}
