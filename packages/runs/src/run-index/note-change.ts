import { toJson } from '@hubfuse/objects';
import type { ObjectStore } from '@hubfuse/plugin';
import { readStoredSpec } from '../read-stored.ts';
import type { RunSpec, RunState } from '../run.ts';
import { isActive } from '../state-word.ts';
import { entryOf, looksAlike, withState } from './index-entry.ts';
import { type ActiveMarker, markerKey } from './index-keys.ts';
import { changePage } from './index-pages.ts';

/** Runs that an older version made belong to this page. */
const FIRST_PAGE = 0;

export function markerOf(state: Pick<RunState, 'id' | 'generation' | 'page'>): ActiveMarker {
  return { id: state.id, generation: state.generation ?? 1, page: pageOf(state) };
}

export function pageOf({ page }: Pick<RunState, 'page'>): number {
  return page ?? FIRST_PAGE;
}

/** Says that a run is about to be active; done before it is. */
export async function markActive(store: ObjectStore, marker: ActiveMarker): Promise<void> {
  await store.create(markerKey(marker), toJson({ markedAt: new Date().toISOString() }));
}

export async function unmarkActive(store: ObjectStore, marker: ActiveMarker): Promise<void> {
  await store.delete(markerKey(marker));
}

/**
 * Brings the index up to a change of a run's state that has just been made. The change holds whatever becomes of this: where
 * it fails, or the process is killed, the next reader sees that marker and entry disagree, or that the entry is old.
 */
export async function noteChange(options: { store: ObjectStore; before: RunState; after: RunState }): Promise<void> {
  const { store, before, after } = options;
  if (looksAlike(before, after)) return;
  try {
    await writeEntry({ store, state: after });
    if (!isActive(after.status)) await unmarkActive(store, markerOf(after));
  } catch {
    // The store holds the change, which is what the caller asked for.
  }
}

/** Puts a run's entry into its page, unless a later one stands there. */
export async function writeEntry(options: {
  store: ObjectStore;
  state: RunState;
  /** Read where the page does not know the run yet and it is not given. */
  spec?: RunSpec | undefined;
}): Promise<void> {
  const { store, state } = options;
  let { spec } = options;
  const page = pageOf(state);
  for (;;) {
    let unknown = false;
    await changePage(store, page, (entries) => {
      const known = entries.get(state.id);
      unknown = known === undefined && spec === undefined;
      if (known !== undefined && known.revision >= state.revision) return false;
      const entry = known === undefined ? spec && entryOf(spec, state) : withState(known, state);
      if (entry === undefined) return false;
      entries.set(state.id, entry);
      return true;
    });
    if (!unknown) return;
    spec = await readStoredSpec(store, state.id);
    if (spec === undefined) return;
  }
}
