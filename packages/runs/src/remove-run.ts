import { listAll } from '@hubfuse/objects';
import type { ObjectStore } from '@hubfuse/plugin';
import { runKeys } from './keys.ts';
import type { RunState } from './run.ts';
import { ACTIVE, markerOfKey } from './run-index/index-keys.ts';
import { changePage } from './run-index/index-pages.ts';
import { pageOf, unmarkActive } from './run-index/note-change.ts';

/**
 * Removes everything that the store keeps of a run whose state says that it is being deleted. The state goes last: while it
 * is there, whoever finds it goes on with this.
 */
export async function removeRun({ store, state }: { store: ObjectStore; state: RunState }): Promise<void> {
  const { id } = state;
  const keys = runKeys(id);
  const objects: string[] = [];
  for await (const key of listAll(store, keys.all)) if (key !== keys.state) objects.push(key);
  for (const key of objects) await store.delete(key);
  await changePage(store, pageOf(state), (entries) => entries.delete(id));
  await store.delete(keys.state);
  for await (const key of listAll(store, `${ACTIVE}${id}/`)) {
    const marker = markerOfKey(key);
    if (marker !== undefined) await unmarkActive(store, marker);
  }
}
