import { getJson, listAll, toJson } from '@hubfuse/objects';
import type { ObjectStore } from '@hubfuse/plugin';
import { RUNS } from '../keys.ts';
import { readStoredSpec, readStoredState } from '../read-stored.ts';
import { isActive } from '../state-word.ts';
import { eachAtOnce } from './each-at-once.ts';
import { entryOf, type IndexEntry } from './index-entry.ts';
import { BUILT, PAGES, pageKey, pageOfKey } from './index-keys.ts';
import { changePage, type Entries } from './index-pages.ts';
import { markActive, markerOf, pageOf } from './note-change.ts';

/** Runs that are read at the same time. */
const AT_ONCE = 16;

/** Large objects of a run: a process that stood still while its run was deleted may have written one since, and died. */
const LARGE = /^runs\/([^/]+)\/(?:files|parts)\//;

/**
 * Makes the index of runs from the runs themselves, whatever it says now. Runs may be made, executed and deleted meanwhile.
 * It reads every run of the store, and removes large objects of runs that are gone.
 */
export async function rebuildIndex({ store }: { store: ObjectStore }): Promise<{ runs: number }> {
  const known = new Set<number>();
  for await (const key of listAll(store, PAGES)) known.add(pageOfKey(key));
  await Promise.all([...known].map((page) => dropUnreadable(store, page)));
  const ids: string[] = [];
  const large = new Map<string, string>();
  for await (const key of listAll(store, RUNS)) {
    const id = /^runs\/([^/]+)\/state\.json$/.exec(key)?.[1];
    if (id !== undefined) {
      ids.push(id);
      large.delete(id);
    }
    const holder = LARGE.exec(key)?.[1];
    if (holder !== undefined) large.set(holder, key.slice(0, `${RUNS}${holder}/`.length));
  }
  await eachAtOnce([...large], AT_ONCE, ([id, all]) => removeStrays(store, id, all));
  const pages = new Map<number, IndexEntry[]>();
  await eachAtOnce(ids, AT_ONCE, async (id) => {
    const [spec, state] = await Promise.all([readStoredSpec(store, id), readStoredState(store, id)]);
    if (spec === undefined || state === undefined || state.deleting === true) return;
    if (isActive(state.status)) await markActive(store, markerOf(state));
    const page = pageOf(state);
    pages.set(page, [...(pages.get(page) ?? []), entryOf(spec, state)]);
  });
  const all = new Set(ids);
  for (const page of new Set([...known, ...pages.keys()])) {
    const entries = pages.get(page) ?? [];
    const gone = await goneFrom({ store, page, all });
    await changePage(store, page, (there) => put(there, entries, gone));
  }
  await store.create(BUILT, toJson({}));
  return { runs: [...pages.values()].reduce((sum, entries) => sum + entries.length, 0) };
}

async function removeStrays(store: ObjectStore, id: string, all: string): Promise<void> {
  if ((await readStoredSpec(store, id)) !== undefined || (await readStoredState(store, id)) !== undefined) return;
  const strays: string[] = [];
  for await (const key of listAll(store, all)) if (LARGE.test(key)) strays.push(key);
  for (const key of strays) await store.delete(key);
}

async function dropUnreadable(store: ObjectStore, page: number): Promise<void> {
  await getJson(store, pageKey(page)).catch(async (error: { code?: string }) => {
    if (error.code !== 'store/not-json') throw error;
    await store.delete(pageKey(page));
  });
}

/** Entries of a page whose runs are gone: not listed, and still not there. */
async function goneFrom(options: { store: ObjectStore; page: number; all: ReadonlySet<string> }): Promise<Set<string>> {
  const { store, page, all } = options;
  const found = await getJson<{ entries: readonly IndexEntry[] }>(store, pageKey(page));
  const suspects = (found?.value.entries ?? []).filter(({ id }) => !all.has(id));
  const gone = new Set<string>();
  await eachAtOnce(suspects, AT_ONCE, async ({ id }) => {
    if ((await readStoredState(store, id)) === undefined) gone.add(id);
  });
  return gone;
}

function put(there: Entries, entries: readonly IndexEntry[], gone: ReadonlySet<string>): boolean {
  let changed = false;
  for (const id of gone) changed = there.delete(id) || changed;
  for (const entry of entries) {
    const known = there.get(entry.id);
    // A later one was written by somebody else meanwhile; the same revision is written again, in case it was damaged.
    if (known !== undefined && known.revision > entry.revision) continue;
    if (JSON.stringify(known) === JSON.stringify(entry)) continue;
    there.set(entry.id, entry);
    changed = true;
  }
  return changed;
}
