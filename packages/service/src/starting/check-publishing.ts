import { UsageError } from '@hubfuse/plugin';
import type { Recipe } from '@hubfuse/recipe';
import { hasNamespace, type Key } from '../keys/key.ts';

/**
 * A key publishes to its namespaces alone.
 * @throws UsageError `service/namespace`
 */
export function checkPublishing({ publish, source }: Recipe, key: Key | undefined): void {
  const repo = publish?.hub?.repo;
  if (key === undefined || repo === undefined) return;
  const namespace = repo.slice(0, repo.indexOf('/'));
  if (hasNamespace(key, namespace)) return;
  throw new UsageError({
    code: 'service/namespace',
    where: `${source.file ?? 'recipe'} publish.hub`,
    message: `the key "${key.name}" may not publish to ${namespace}`,
    hint: `make a key with --namespaces ${namespace}`,
  });
}
