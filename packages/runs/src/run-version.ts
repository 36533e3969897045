import type { ObjectStore } from '@hubfuse/plugin';
import { runKeys } from './keys.ts';

/**
 * What changes with every change of a run's state: as long as it is the same, so is everything that is shown of the run but
 * its latest events. Undefined where there is no run. One small object is read and nothing of it looked at.
 * @throws RunError `run/bad-id`
 */
export async function runVersion({ store, runId }: { store: ObjectStore; runId: string }): Promise<string | undefined> {
  return (await store.get(runKeys(runId).state))?.etag;
}
