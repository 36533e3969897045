import type { ObjectStore } from '@hubfuse/plugin';
import { isAlive, leaseEnd } from './owner.ts';
import { readStoredSpec, readStoredState } from './read-stored.ts';
import type { RunSpec, RunState } from './run.ts';
import { compareAge } from './run-index/compare-age.ts';
import { eachAtOnce } from './run-index/each-at-once.ts';
import { OpenIndex } from './run-index/open-index.ts';
import { repairRun } from './run-index/repair-run.ts';
import { isActive } from './state-word.ts';

/** Runs that are read at the same time. */
const AT_ONCE = 16;

/** A run that waits for somebody to execute it, or is being executed. */
export interface ActiveRun {
  spec: RunSpec;
  state: RunState;
  /** Of a run that somebody took: whether that process still works, and until when nobody else may take it. */
  lease?: {
    alive: boolean;
    host: string;
    pid: number;
    /** ISO 8601. A process of this machine that is gone has lost it before. */
    until: string;
  };
  /** Whether whoever wants to may execute it: it is queued, or its worker is gone. */
  waits: boolean;
}

/** Specs never change, and a service asks every few seconds. */
const specs = new WeakMap<ObjectStore, Map<string, RunSpec>>();

/** Every run that is not at its end, the earliest first, each as it is now. What is in doubt in the index is repaired. */
export async function activeRuns({ store }: { store: ObjectStore }): Promise<ActiveRun[]> {
  const index = await OpenIndex.open(store);
  const ids = new Map(index.markers.map((marker) => [marker.id, marker.page]));
  const known = specs.get(store) ?? new Map<string, RunSpec>();
  const now = new Map<string, RunSpec>();
  const active: ActiveRun[] = [];
  await eachAtOnce([...ids], AT_ONCE, async ([id, page]) => {
    const found = await readActive({ store, id, page, index, spec: known.get(id) });
    if (found === undefined) return;
    now.set(id, found.spec);
    active.push(found);
  });
  specs.set(store, now);
  return active.sort((a, b) => compareAge(a.spec, b.spec));
}

async function readActive(options: {
  store: ObjectStore;
  id: string;
  page: number;
  index: OpenIndex;
  spec: RunSpec | undefined;
}): Promise<ActiveRun | undefined> {
  const { store, id, page, index } = options;
  const state = await readStoredState(store, id);
  if (state === undefined || !isActive(state.status)) {
    await repairRun({ store, id, page, markers: index.markers.filter((marker) => marker.id === id) });
    return undefined;
  }
  const spec = options.spec ?? (await readStoredSpec(store, id));
  if (spec === undefined) return undefined;
  const { owner } = state;
  const alive = owner !== undefined && isAlive(owner);
  return {
    spec,
    state,
    ...(owner === undefined ? {} : { lease: { alive, host: owner.host, pid: owner.pid, until: leaseEnd(owner) } }),
    waits: state.status === 'queued' || !alive,
  };
}
