import { listAll } from '@hubfuse/objects';
import type { ObjectStore } from '@hubfuse/plugin';
import { PAGES, pageOfKey } from './index-keys.ts';
import { readPage } from './index-pages.ts';

/** Removes pages without a run, so that nobody reads them. The latest stays: runs that are being made belong to it. */
export async function dropEmptyPages(store: ObjectStore): Promise<void> {
  const keys: string[] = [];
  for await (const key of listAll(store, PAGES)) keys.push(key);
  for (const key of keys.slice(1)) {
    if ((await readPage(store, pageOfKey(key))).size === 0) await store.delete(key);
  }
}
