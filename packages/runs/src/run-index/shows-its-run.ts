import { jsonOf } from '@hubfuse/objects';
import type { ObjectStore } from '@hubfuse/plugin';
import { STATE_FORMAT } from '../formats.ts';
import { runKeys } from '../keys.ts';
import type { RunState } from '../run.ts';
import { type IndexEntry, shows } from './index-entry.ts';

const MOST_KNOWN = 1_000;

/** Entries that were found to show their runs, by store and run, with the etag of the state that they were held against. */
const known = new WeakMap<ObjectStore, Map<string, { entry: IndexEntry; etag: string }>>();

/** Whether an entry says what the state of its run says now. */
export async function showsItsRun(store: ObjectStore, entry: IndexEntry): Promise<boolean> {
  const key = runKeys(entry.id).state;
  const found = await store.get(key);
  if (found === undefined) return false;
  const runs = known.get(store) ?? new Map<string, { entry: IndexEntry; etag: string }>();
  known.set(store, runs);
  const before = runs.get(entry.id);
  if (before?.entry === entry && before.etag === found.etag) return true;
  const state = jsonOf<RunState>(found.body, { where: `${store.url}: ${key}`, format: STATE_FORMAT });
  if (!shows(entry, state)) return false;
  if (runs.size >= MOST_KNOWN) runs.clear();
  runs.set(entry.id, { entry, etag: found.etag });
  return true;
}
