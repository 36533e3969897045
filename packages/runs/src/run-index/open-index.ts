import { listAll } from '@hubfuse/objects';
import { type ObjectStore, StoreError } from '@hubfuse/plugin';
import { isActive } from '../state-word.ts';
import type { IndexEntry } from './index-entry.ts';
import { ACTIVE, type ActiveMarker, BUILT, INDEX, markerOfKey, PAGES, pageKey, pageOfKey } from './index-keys.ts';
import { type ReadonlyEntries, readPage } from './index-pages.ts';
import { rebuildIndex } from './rebuild-index.ts';
import { repairRun } from './repair-run.ts';
import { showsItsRun } from './shows-its-run.ts';

/** Entries of active runs that one reading holds against their runs although nothing speaks against them. */
const MOST_VERIFIED = 4;
/** Milliseconds after a change for which its entry is believed. */
const BELIEVED_MS = 10_000;

/** The index as one listing of its keys shows it. */
export class OpenIndex {
  /** Numbers of the pages, the latest first. */
  readonly pages: readonly number[];
  readonly markers: readonly ActiveMarker[];
  readonly #store: ObjectStore;
  #verified = 0;

  /** Opens the index; one that was never made, or is incomplete, is made first. */
  static async open(store: ObjectStore): Promise<OpenIndex> {
    const found = await OpenIndex.#list(store);
    if (found !== undefined) return found;
    await rebuildIndex({ store });
    return (await OpenIndex.#list(store)) ?? new OpenIndex({ store, pages: [], markers: [] });
  }

  static async #list(store: ObjectStore): Promise<OpenIndex | undefined> {
    let built = false;
    const [pages, markers]: [Set<number>, ActiveMarker[]] = [new Set(), []];
    for await (const key of listAll(store, INDEX)) {
      if (key === BUILT) built = true;
      if (key.startsWith(PAGES)) pages.add(pageOfKey(key));
      const marker = key.startsWith(ACTIVE) ? markerOfKey(key) : undefined;
      if (marker === undefined) continue;
      markers.push(marker);
      // A process that was killed before it wrote the first entry of a page has left its marker alone.
      pages.add(marker.page);
    }
    return built ? new OpenIndex({ store, pages: [...pages].sort((a, b) => b - a), markers }) : undefined;
  }

  private constructor(parts: { store: ObjectStore; pages: readonly number[]; markers: readonly ActiveMarker[] }) {
    this.#store = parts.store;
    this.pages = parts.pages;
    this.markers = parts.markers;
  }

  /** The entries of a page, held against the markers; what is in doubt is repaired first. */
  async entriesOf(page: number): Promise<ReadonlyEntries> {
    const entries = await this.#readPage(page);
    const doubtful = await this.#doubtful(page, entries);
    if (doubtful.length === 0) return entries;
    for (const id of doubtful) {
      await repairRun({ store: this.#store, id, page, markers: this.markers.filter((marker) => marker.id === id) });
    }
    return await this.#readPage(page);
  }

  async #readPage(page: number): Promise<ReadonlyEntries> {
    try {
      return await readPage(this.#store, page);
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== 'store/not-json') throw error;
      await this.#store.delete(pageKey(page));
      await rebuildIndex({ store: this.#store });
      return await readPage(this.#store, page);
    }
  }

  /** Runs of a page whose marker and entry disagree, and those that it is time to look at. */
  async #doubtful(page: number, entries: ReadonlyEntries): Promise<string[]> {
    const marked = new Set(this.markers.filter((marker) => marker.page === page).map(({ id }) => id));
    const isOpen = (id: string): boolean => {
      const entry = entries.get(id);
      return entry !== undefined && isActive(entry.status);
    };
    const missing = [...marked].filter((id) => !isOpen(id));
    const open = [...entries.values()].filter(({ status }) => isActive(status));
    const unmarked = open.filter(({ id }) => !marked.has(id)).map(({ id }) => id);
    return [...missing, ...unmarked, ...(await this.#old(open.filter(({ id }) => marked.has(id))))];
  }

  /** A process killed between state and entry leaves an old entry, on which marker and status agree. */
  async #old(open: readonly IndexEntry[]): Promise<string[]> {
    const due = open
      .filter(({ updatedAt }) => Date.now() - Date.parse(updatedAt) > BELIEVED_MS)
      .sort((a, b) => (a.updatedAt < b.updatedAt ? -1 : 1))
      .slice(0, MOST_VERIFIED - this.#verified);
    this.#verified += due.length;
    const shown = await Promise.all(due.map((entry) => showsItsRun(this.#store, entry)));
    return due.flatMap(({ id }, place) => (shown[place] === true ? [] : [id]));
  }
}
