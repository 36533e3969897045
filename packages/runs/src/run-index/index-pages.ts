import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { getJson, jsonOf, toJson } from '@hubfuse/objects';
import { type ObjectStore, StoreError } from '@hubfuse/plugin';
import { RUNS } from '../keys.ts';
import type { IndexEntry } from './index-entry.ts';
import { BUILT, PAGES, pageKey, pageOfKey } from './index-keys.ts';

/** Runs of one page; some more where several processes make runs at the same moment. */
export const PAGE_RUNS = 1000;
const MOST_CONFLICTS = 200;
const LONGEST_PAUSE_MS = 250;

/** Entries by run. */
export type Entries = Map<string, IndexEntry>;
export type ReadonlyEntries = ReadonlyMap<string, IndexEntry>;
/** Changes entries in place; says whether it did. May be called again with other entries. */
export type EntriesChange = (entries: Entries) => boolean;

interface StoredPage {
  entries: readonly IndexEntry[];
  /** Two writers never write the same bytes. */
  nonce: string;
}

/** Pages that were read last, by store: as long as the etag is the same, so are the entries. */
const read = new WeakMap<ObjectStore, Map<number, { etag: string; entries: ReadonlyEntries }>>();
const MOST_READ = 16;

/** @throws StoreError `store/not-json`, `store/newer-format` */
export async function readPage(store: ObjectStore, page: number): Promise<ReadonlyEntries> {
  const key = pageKey(page);
  const found = await store.get(key);
  if (found === undefined) return new Map();
  const pages = read.get(store) ?? new Map<number, { etag: string; entries: ReadonlyEntries }>();
  read.set(store, pages);
  const known = pages.get(page);
  if (known?.etag === found.etag) return known.entries;
  const stored = jsonOf<StoredPage>(found.body, { where: `${store.url}: ${key}` });
  const entries = new Map(stored.entries.map((entry) => [entry.id, entry]));
  pages.delete(page);
  pages.set(page, { etag: found.etag, entries });
  const [oldest] = pages.keys();
  if (pages.size > MOST_READ && oldest !== undefined) pages.delete(oldest);
  return entries;
}

interface Waiting {
  change: EntriesChange;
  resolve: () => void;
  reject: (error: unknown) => void;
}

/** Changes of this process that wait for their page, by store and page. */
const queues = new WeakMap<ObjectStore, Map<number, Waiting[]>>();

/** The page that a store's latest write of this process was on, and its size then. */
const latest = new WeakMap<ObjectStore, { page: number; size: number }>();

/** Changes a page by compare-and-swap. What this process wants changed meanwhile is written together. */
export function changePage(store: ObjectStore, page: number, change: EntriesChange): Promise<void> {
  const queue = queues.get(store) ?? new Map<number, Waiting[]>();
  queues.set(store, queue);
  return new Promise((resolve, reject) => {
    const waiting = queue.get(page);
    if (waiting !== undefined) {
      waiting.push({ change, resolve, reject });
      return;
    }
    queue.set(page, [{ change, resolve, reject }]);
    void drain({ store, page, queue });
  });
}

async function drain(options: { store: ObjectStore; page: number; queue: Map<number, Waiting[]> }): Promise<void> {
  const { store, page, queue } = options;
  for (;;) {
    const batch = queue.get(page) ?? [];
    if (batch.length === 0) {
      queue.delete(page);
      return;
    }
    queue.set(page, []);
    try {
      await writePage({ store, page, changes: batch.map(({ change }) => change) });
      for (const { resolve } of batch) resolve();
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
}

async function writePage(options: {
  store: ObjectStore;
  page: number;
  changes: readonly EntriesChange[];
}): Promise<void> {
  const { store, page, changes } = options;
  const key = pageKey(page);
  for (let attempt = 0; attempt < MOST_CONFLICTS; attempt++) {
    const found = await getJson<StoredPage>(store, key);
    const entries: Entries = new Map((found?.value.entries ?? []).map((entry) => [entry.id, entry]));
    // Every change is applied, also behind one that changed something.
    const changed = changes.map((change) => change(entries)).includes(true);
    latest.set(store, { page, size: entries.size });
    if (!changed) return;
    const next: StoredPage = { entries: [...entries.values()], nonce: randomUUID() };
    const body = toJson(next, { version: 1, dense: true });
    const etag = found === undefined ? await store.create(key, body) : await store.replace(key, body, found.etag);
    if (etag !== undefined) return;
    // A store behind a network may have carried out a write whose answer was lost and refuse its repetition.
    if ((await getJson<StoredPage>(store, key))?.value.nonce === next.nonce) return;
    await wait(Math.random() * Math.min(LONGEST_PAUSE_MS, 5 * 2 ** attempt));
  }
  throw new StoreError({
    code: 'store/contended',
    where: `${store.url}: ${key}`,
    message: `the page changed ${MOST_CONFLICTS} times while it was to be written`,
    hint: 'far too many processes make runs in this store at once',
  });
}

/** The page that a run which is made now belongs to. In a store without runs the index begins here, and is whole. */
export async function choosePage(store: ObjectStore): Promise<number> {
  const { keys } = await store.list(PAGES, { limit: 1 });
  const [key] = keys;
  if (key === undefined) {
    const runs = await store.list(RUNS, { limit: 1 });
    if (runs.keys.length === 0) await store.create(BUILT, toJson({}));
    return 1;
  }
  const page = pageOfKey(key);
  const known = latest.get(store);
  const size = known?.page === page ? known.size : (await readPage(store, page)).size;
  return size < PAGE_RUNS ? page : page + 1;
}
