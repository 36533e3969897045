import type { RepoSettings, Repository } from '../storage/repository.ts';
import type { HubEvent, UpdatedRef } from '../webhooks/event.ts';

/** The event that says that refs of a repository moved. */
export async function contentUpdate(
  { repository, settings }: { repository: Repository; settings: RepoSettings },
  updatedRefs: readonly UpdatedRef[],
): Promise<HubEvent> {
  return {
    action: 'update',
    scope: 'repo.content',
    repository,
    settings,
    headSha: await repository.resolve('main'),
    updatedRefs,
  };
}
