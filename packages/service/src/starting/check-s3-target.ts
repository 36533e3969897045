import { type ObjectStore, UsageError } from '@hubfuse/plugin';
import type { Recipe } from '@hubfuse/recipe';

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
  const target = folderOf(url);
  const own = store.url.startsWith('s3://') ? folderOf(store.url) : undefined;
  const isOwn = own !== undefined && (target.startsWith(own) || own.startsWith(target));
  const isAllowed = s3 === undefined || s3.some((allowed) => target.startsWith(folderOf(allowed)));
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

/** Bucket and prefix with a slash at the end, without what stands behind a question mark. */
function folderOf(url: string): string {
  return `${url.replace(/\?.*$/s, '').replace(/\/+$/, '')}/`;
}
