import { UsageError } from '@hubfuse/plugin';
import type { Recipe } from '@hubfuse/recipe';
import { hasNamespace, hasS3, type Key } from '../keys/key.ts';

/**
 * A key publishes to its namespaces of the Hub and to its addresses in S3 alone.
 * @throws UsageError `service/namespace`, `service/s3-target`
 */
export function checkPublishing({ publish, source }: Recipe, key: Key | undefined): void {
  if (key === undefined) return;
  const repo = publish?.hub?.repo;
  const namespace = repo?.slice(0, repo.indexOf('/'));
  if (namespace !== undefined && !hasNamespace(key, namespace)) {
    throw new UsageError({
      code: 'service/namespace',
      where: `${source.file ?? 'recipe'} publish.hub`,
      message: `the key "${key.name}" may not publish to ${namespace}`,
      hint: `make a key with --namespace ${namespace}`,
    });
  }
  const url = publish?.others.s3?.url;
  if (typeof url !== 'string' || hasS3(key, url)) return;
  throw new UsageError({
    code: 'service/s3-target',
    where: `${source.file ?? 'recipe'} publish.s3`,
    message: `the key "${key.name}" may not publish to ${url}`,
    hint: key.s3.length === 0 ? 'make a key with --s3 s3://bucket/prefix' : `it publishes below ${key.s3.join(', ')}`,
  });
}
