import { type ObjectStore, UsageError } from '@hubfuse/plugin';
import type { Recipe } from '@hubfuse/recipe';
import { isBelow } from '../keys/key.ts';

/**
 * A copy in S3 lies where the service allows it, and never among the service's own state, which it would be read as.
 * @throws UsageError `service/s3-target`
 */
export function checkS3Target(
  { publish, source }: Recipe,
  { store, s3 }: { store: ObjectStore; s3?: readonly string[] | undefined },
): void {
  const url = publish?.others.s3?.url;
  if (typeof url !== 'string') return;
  const isOwn = store.url.startsWith('s3://') && (isBelow(url, store.url) || isBelow(store.url, url));
  const isAllowed = s3 === undefined || s3.some((allowed) => isBelow(url, allowed));
  if (!isOwn && isAllowed) return;
  throw new UsageError({
    code: 'service/s3-target',
    where: `${source.file ?? 'recipe'} publish.s3`,
    message: `this service does not publish to ${url}`,
    hint: isOwn
      ? 'its own state lies there; choose another prefix'
      : `it publishes below ${(s3 ?? []).join(', ') || 'no address in S3'}`,
  });
}
