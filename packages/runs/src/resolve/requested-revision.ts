import type { HubSource } from '@hubfuse/hub';
import type { ModelSource } from '@hubfuse/plugin';

/**
 * The branch or tag that a source was asked for; nothing where that was a commit. Who fetches the commit later records it
 * in the cache under this name, by which other programs look for it.
 */
export function requestedRevisionOf(source: ModelSource): { requestedRevision?: string } {
  const { requestedRevision } = source as Partial<HubSource>;
  return requestedRevision === undefined || requestedRevision === source.revision ? {} : { requestedRevision };
}
