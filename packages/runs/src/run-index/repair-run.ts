import { getJson, toJson } from '@hubfuse/objects';
import type { ObjectStore } from '@hubfuse/plugin';
import { firstState } from '../first-state.ts';
import { STATE_FORMAT } from '../formats.ts';
import { runKeys } from '../keys.ts';
import { readStoredSpec, readStoredState } from '../read-stored.ts';
import { removeRun } from '../remove-run.ts';
import type { RunState } from '../run.ts';
import { isActive } from '../state-word.ts';
import { type ActiveMarker, markerKey } from './index-keys.ts';
import { changePage } from './index-pages.ts';
import { markActive, markerOf, unmarkActive, writeEntry } from './note-change.ts';

/** Milliseconds after which a marker that leads to nothing was left by a killed process. */
const LEFT_MS = 60_000;

/**
 * Makes the index say of a run what is true, and ends what a killed process began: a run that was about to be made, woken or
 * deleted.
 * @param options.page where its entry stands or should
 * @param options.markers all that are there for this run
 * @returns its state; undefined where there is no such run
 */
export async function repairRun(options: {
  store: ObjectStore;
  id: string;
  page: number;
  markers: readonly ActiveMarker[];
}): Promise<RunState | undefined> {
  const { store, id, page, markers } = options;
  const state = await stateOrMade(options);
  if (state === undefined || state.deleting === true) {
    if (state !== undefined) await removeRun({ store, state });
    await changePage(store, page, (entries) => entries.delete(id));
    await unmarkWhere(store, markers, (marker) => isLeft(store, marker));
    return undefined;
  }
  const own = markerOf(state);
  const active = isActive(state.status);
  if (active) await markActive(store, own);
  await writeEntry({ store, state });
  await unmarkWhere(store, markers, async (marker) => {
    if (marker.generation > own.generation) return await isLeft(store, marker);
    return marker.generation < own.generation || !active;
  });
  return state;
}

/** The state of a run; of one whose creation was interrupted behind its spec, the state is made here. */
async function stateOrMade(options: Parameters<typeof repairRun>[0]): Promise<RunState | undefined> {
  const { store, id, page, markers } = options;
  const found = await readStoredState(store, id);
  if (found !== undefined) return found;
  const marker = markers.find(({ generation }) => generation === 1);
  if (marker === undefined || !(await isLeft(store, marker))) return undefined;
  if ((await readStoredSpec(store, id)) === undefined) return undefined;
  await store.create(runKeys(id).state, toJson(firstState(id, page), STATE_FORMAT));
  return await readStoredState(store, id);
}

async function isLeft(store: ObjectStore, marker: ActiveMarker): Promise<boolean> {
  const found = await getJson<{ markedAt: string }>(store, markerKey(marker));
  return found !== undefined && Date.now() - Date.parse(found.value.markedAt) > LEFT_MS;
}

async function unmarkWhere(
  store: ObjectStore,
  markers: readonly ActiveMarker[],
  permit: (marker: ActiveMarker) => boolean | Promise<boolean>,
): Promise<void> {
  for (const marker of markers) if (await permit(marker)) await unmarkActive(store, marker);
}
