import { type ObjectStore, UsageError } from '@hubfuse/plugin';
import type { RunSummary } from './run.ts';
import { compareAge, type Dated } from './run-index/compare-age.ts';
import type { IndexEntry } from './run-index/index-entry.ts';
import type { ReadonlyEntries } from './run-index/index-pages.ts';
import { OpenIndex } from './run-index/open-index.ts';
import { isActive, type StateWord } from './state-word.ts';

const DEFAULT_LIMIT = 50;
const MOST = 1000;
/** Pages of the index that one call reads: where hardly any run fits, the answer is short and says where to go on. */
const MOST_PAGES = 13;

/** Which runs are wanted: those that fit everything that is given. */
export interface RunFilter {
  /** `active`: every run that is not at its end. */
  state?: StateWord | 'active' | readonly (StateWord | 'active')[] | undefined;
  /** Name of the stored recipe; of a run without one, the name of the run. */
  recipe?: string | undefined;
  /** Hub id, or folder, of a model or of the base. */
  model?: string | undefined;
  /** Id of the key that asked. */
  key?: string | undefined;
}

export interface RunPage {
  /** The latest first. */
  runs: RunSummary[];
  /** Where the next page begins; absent at the end. A page may be short, even empty, and have a next one. */
  next?: string;
}

/**
 * A page of a store's runs, the latest first, read from the index: of ten thousand runs with at most twenty requests. Where
 * the index is in doubt (a process was killed while it wrote), it is repaired from the runs first.
 * @throws UsageError `runs/bad-cursor`, `runs/bad-limit`
 */
export async function listRunPage(options: {
  store: ObjectStore;
  /** Most runs of the page, up to 1000. Default 50. */
  limit?: number | undefined;
  /** `next` of the page before. */
  cursor?: string | undefined;
  filter?: RunFilter | undefined;
}): Promise<RunPage> {
  const { store, limit = DEFAULT_LIMIT, cursor, filter = {} } = options;
  if (!Number.isInteger(limit) || limit < 1 || limit > MOST) {
    throw new UsageError({ code: 'runs/bad-limit', message: `a page has 1 to ${MOST} runs, not ${limit}` });
  }
  const after = cursor === undefined ? undefined : readCursor(cursor);
  const index = await OpenIndex.open(store);
  const pages = index.pages.filter((page) => after === undefined || page <= after.page);
  const runs: RunSummary[] = [];
  let last: Position | undefined;
  for (let read = 0; read < pages.length; ) {
    if (read >= MOST_PAGES) return { runs, ...(last === undefined ? {} : { next: writeCursor(last) }) };
    // The first page is often enough; then more and more are read at the same time.
    const batch = pages.slice(read, Math.min(read + Math.max(1, read), MOST_PAGES));
    const contents = await Promise.all(batch.map((page) => index.entriesOf(page)));
    for (const [place, page] of batch.entries()) {
      for (const entry of sorted(contents[place] ?? new Map())) {
        if (after !== undefined && !isAfter({ page, entry }, after)) continue;
        if (!fits(entry, filter)) continue;
        if (runs.length === limit) return { runs, ...(last === undefined ? {} : { next: writeCursor(last) }) };
        runs.push(summaryOf(entry));
        last = { page, createdAt: entry.createdAt, id: entry.id };
      }
      if (runs.length < limit) last = { page, createdAt: '', id: '' };
    }
    read += batch.length;
  }
  return { runs };
}

/** The same object for an entry that did not change, so that callers may know it again. */
const summaries = new WeakMap<IndexEntry, RunSummary>();

function summaryOf(entry: IndexEntry): RunSummary {
  const known = summaries.get(entry);
  if (known !== undefined) return known;
  const { revision: _, ...summary } = entry;
  summaries.set(entry, summary);
  return summary;
}

/** Pages that did not change are sorted once. */
const inOrder = new WeakMap<ReadonlyEntries, readonly IndexEntry[]>();

function sorted(entries: ReadonlyEntries): readonly IndexEntry[] {
  const known = inOrder.get(entries);
  if (known !== undefined) return known;
  const order = [...entries.values()].sort((a, b) => compareAge(b, a));
  inOrder.set(entries, order);
  return order;
}

function fits(entry: IndexEntry, { state, recipe, model, key }: RunFilter): boolean {
  const states = state === undefined ? undefined : [state].flat();
  return (
    (states === undefined ||
      states.some((wanted) => (wanted === 'active' ? isActive(entry.status) : entry.state === wanted))) &&
    (recipe === undefined || (entry.recipe ?? entry.name) === recipe) &&
    (model === undefined || entry.models.some((name) => name.toLowerCase() === model.toLowerCase())) &&
    (key === undefined || entry.key === key)
  );
}

/** A run in the order of the list; without an id: the end of a page. */
interface Position extends Dated {
  page: number;
}

function isAfter({ page, entry }: { page: number; entry: IndexEntry }, after: Position): boolean {
  if (page !== after.page) return page < after.page;
  return compareAge(entry, after) < 0;
}

function writeCursor({ page, createdAt, id }: Position): string {
  return Buffer.from(JSON.stringify([page, createdAt, id])).toString('base64url');
}

function readCursor(cursor: string): Position {
  try {
    const [page, createdAt, id] = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')) as unknown[];
    if (typeof page === 'number' && typeof createdAt === 'string' && typeof id === 'string') {
      return { page, createdAt, id };
    }
  } catch {
    // Said below, like everything else that is no cursor.
  }
  throw new UsageError({
    code: 'runs/bad-cursor',
    message: 'the cursor is not one that a list of runs gave',
    hint: 'take `next` of the page before, unchanged, or begin without a cursor',
  });
}
