import { openStore, registerStores, toJson } from '@hubfuse/objects';
import { type ObjectStore, Registry } from '@hubfuse/plugin';
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { sampleRecipe } from '../test/recipes.ts';
import { killedStore, watchedStore } from '../test/stores.ts';
import { activeRuns } from './active-runs.ts';
import { createRun } from './create-run.ts';
import { deleteRun } from './delete-run.ts';
import { firstState } from './first-state.ts';
import { SPEC_FORMAT, STATE_FORMAT } from './formats.ts';
import { runKeys } from './keys.ts';
import { listRunPage, type RunFilter } from './list-run-page.ts';
import { allRuns } from './prune-runs.ts';
import { readStoredSpec, readStoredState } from './read-stored.ts';
import { retryRun } from './retry-run.ts';
import type { RunSpec, RunState, RunSummary } from './run.ts';
import { BUILT, pageKey } from './run-index/index-keys.ts';
import { rebuildIndex } from './run-index/rebuild-index.ts';
import { changeState, readState } from './state-cell.ts';
import { stateOf } from './state-word.ts';

const registry = new Registry();
let store: ObjectStore;
let count = 0;
beforeAll(() => registerStores(registry));
beforeEach(async () => {
  store = await openStore(`memory:list-runs-${count++}`, registry);
});
afterEach(() => vi.useRealTimers());

/** Ids and states as the runs themselves say them. */
async function truth(): Promise<Map<string, string>> {
  const states = new Map<string, string>();
  let after = '';
  for (;;) {
    const page = await store.list('runs/', after === '' ? {} : { after });
    for (const key of page.keys) {
      const id = /^runs\/([^/]+)\/state\.json$/.exec(key)?.[1];
      const state = id === undefined ? undefined : await readStoredState(store, id);
      if (id !== undefined && state !== undefined) states.set(id, stateOf(state));
    }
    after = page.keys.at(-1) ?? '';
    if (!page.more) return states;
  }
}

async function listed(): Promise<Map<string, string>> {
  return new Map((await allRuns(store)).map(({ id, state }) => [id, state]));
}

async function make(text: string): Promise<string> {
  return (await createRun({ store, recipe: sampleRecipe(text) })).id;
}

const end = (id: string, status: 'done' | 'failed') =>
  changeState(store, id, ({ owner: _, ...state }) => ({ ...state, status }));
const begin = (id: string) => changeState(store, id, (state) => ({ ...state, status: 'running' }));

/** Ten thousand runs as a service would have made them, a thousand a page. */
async function tenThousand(): Promise<RunSummary[]> {
  const statuses = ['done', 'done', 'failed', 'cancelled', 'queued', 'running', 'done'] as const;
  const recipe = sampleRecipe();
  for (let number = 0; number < 10_000; number++) {
    const id = `run-${String(number).padStart(5, '0')}`;
    const status = statuses[(number * 7919) % 7] ?? 'done';
    const [keys, createdAt] = [runKeys(id), new Date(1.7e12 + number * 60_000).toISOString()];
    const spec: RunSpec = {
      ...{ id, name: `name ${number % 50}`, recipe, options: {}, limits: {}, createdAt, hubfuse: '1' },
      origin: {
        trigger: 'webhook',
        ancestry: [],
        recipe: { name: number % 150 === 7 ? 'rare' : `recipe-${number % 20}`, etag: 'x' },
        key: `key-${number % 3}`,
      },
    };
    const state: RunState = {
      ...firstState(id, Math.floor(number / 1000) + 1),
      status: number >= 9_900 || !['queued', 'running'].includes(status) ? status : 'done',
      updatedAt: createdAt,
    };
    await store.create(keys.spec, toJson(spec, SPEC_FORMAT));
    await store.create(keys.state, toJson(state, STATE_FORMAT));
  }
  expect(await rebuildIndex({ store })).toEqual({ runs: 10_000 });
  return await allRuns(store);
}

test('a page of fifty of ten thousand runs takes at most twenty requests, however rare they are', async () => {
  const all = await tenThousand();
  expect(all).toHaveLength(10_000);
  expect(all.map(({ createdAt }) => createdAt)).toEqual(
    all
      .map(({ createdAt }) => createdAt)
      .sort()
      .reverse(),
  );
  const filters: [RunFilter, (run: RunSummary) => boolean][] = [
    [{}, () => true],
    [{ recipe: 'rare' }, ({ recipe }) => recipe === 'rare'],
    [{ recipe: 'rare', state: 'failed' }, ({ recipe, state }) => recipe === 'rare' && state === 'failed'],
    [{ state: 'active' }, ({ status }) => status === 'queued' || status === 'running'],
    [{ state: ['queued', 'resolving'] }, ({ state }) => state === 'queued' || state === 'resolving'],
    [{ key: 'key-1', state: 'cancelled' }, ({ key, state }) => key === 'key-1' && state === 'cancelled'],
    [{ model: 'YOU/b' }, () => true],
    [{ model: 'you/absent' }, () => false],
    [{ recipe: 'absent' }, () => false],
  ];
  for (const [filter, wanted] of filters) {
    const expected = all.filter(wanted).map(({ id }) => id);
    const ids: string[] = [];
    let cursor: string | undefined;
    for (let pages = 0; pages < 4; pages++) {
      const requests: string[] = [];
      const counted = watchedStore(store, ({ name, key }) => requests.push(`${name} ${key}`));
      const page = await listRunPage({ store: counted, limit: 50, cursor, filter });
      expect(requests.length, `${JSON.stringify(filter)}: ${requests.join(', ')}`).toBeLessThanOrEqual(20);
      ids.push(...page.runs.map(({ id }) => id));
      cursor = page.next;
      if (cursor === undefined) break;
    }
    expect(ids, JSON.stringify(filter)).toEqual(expected.slice(0, ids.length));
    expect(ids.length, JSON.stringify(filter)).toBe(Math.min(200, expected.length));
  }
}, 120_000);

test('the index follows what is made, changed, woken and deleted', async () => {
  const [one, two, three] = [await make('# 1'), await make('# 2'), await make('# 3')];
  await begin(one);
  await changeState(store, one, (state) => ({ ...state, phases: [{ name: 'merge', status: 'running' }] }));
  await end(two, 'failed');
  await end(three, 'done');
  expect(await listed()).toEqual(
    new Map([
      [one, 'merging'],
      [two, 'failed'],
      [three, 'done'],
    ]),
  );
  expect((await activeRuns({ store })).map(({ spec }) => spec.id)).toEqual([one]);
  await retryRun({ store, runId: two });
  await deleteRun({ store, runId: three });
  expect(await listed()).toEqual(await truth());
  expect((await activeRuns({ store })).map(({ spec }) => spec.id).sort()).toEqual([one, two].sort());
});

test('a hundred runs made at the same moment by several processes are all listed', async () => {
  const processes = Array.from({ length: 5 }, () => watchedStore(store, () => undefined));
  await Promise.all(
    Array.from({ length: 100 }, (_, number) =>
      createRun({ store: processes[number % 5] as ObjectStore, recipe: sampleRecipe(`# ${number}`) }),
    ),
  );
  const found = await listed();
  expect(found.size).toBe(100);
  expect(found).toEqual(await truth());
});

/** Does something over a store that is killed after 0, 1, 2, ... writes, until it comes to its end. */
async function killedEverywhere(
  prepare: (round: number) => Promise<string>,
  action: (killed: ObjectStore, id: string) => Promise<unknown>,
): Promise<number> {
  for (let writes = 0; ; writes++) {
    const id = await prepare(writes);
    const killed = killedStore(store, writes);
    await action(killed, id).catch(() => undefined);
    expect(await listed(), `killed after ${writes} writes`).toEqual(await truth());
    const active = (await activeRuns({ store })).map(({ spec, state }) => [spec.id, stateOf(state)]);
    const expected = [...(await truth())].filter(([, state]) => !['done', 'failed', 'cancelled'].includes(state));
    expect(new Map(active as [string, string][]), `killed after ${writes} writes`).toEqual(new Map(expected));
    if (!killed.killed()) return writes;
  }
}

test('a kill between any two writes of a creation is seen and ended by whoever lists runs', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  const writes = await killedEverywhere(
    async (round) => `# ${round}`,
    (killed, text) => createRun({ store: killed, recipe: sampleRecipe(text) }),
  );
  expect(writes).toBeGreaterThanOrEqual(4);
  const before = (await listed()).size;
  vi.setSystemTime(Date.now() + 120_000);
  expect((await listed()).size).toBe(before + 1);
  expect(await listed()).toEqual(await truth());
  expect((await store.list('index/runs/active/')).keys).toHaveLength(before + 1);
});

test('a kill between any two writes of a change is seen by whoever lists runs', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  for (const status of ['running', 'failed', 'done'] as const) {
    const writes = await killedEverywhere(
      async (round) => {
        const id = await make(`# ${status} ${round}`);
        vi.setSystemTime(Date.now() + 20_000);
        return id;
      },
      async (killed, id) => {
        await changeState(killed, id, (state) => ({ ...state, status }));
        vi.setSystemTime(Date.now() + 20_000);
        await begin(await make(`# other ${id}`));
        vi.setSystemTime(Date.now() + 20_000);
        await end((await createRun({ store, recipe: sampleRecipe(`# other ${id}`) })).id, 'done');
      },
    );
    expect(writes).toBeGreaterThanOrEqual(2);
    for (const { spec } of await activeRuns({ store })) await end(spec.id, 'done');
  }
});

test('a kill between any two writes of a retry or a deletion is seen by whoever lists runs', async () => {
  const prepare = async (round: string): Promise<string> => {
    const id = await make(`# ${round}`);
    await end(id, 'failed');
    return id;
  };
  await killedEverywhere(
    (round) => prepare(`retry ${round}`),
    (killed, runId) => retryRun({ store: killed, runId }),
  );
  const writes = await killedEverywhere(
    (round) => prepare(`delete ${round}`),
    (killed, runId) => deleteRun({ store: killed, runId }),
  );
  expect(writes).toBeGreaterThanOrEqual(4);
});

test('a run whose deletion was interrupted is made anew by whoever asks for it', async () => {
  const id = await make('# again');
  await end(id, 'failed');
  await deleteRun({ store: killedStore(store, 2), runId: id }).catch(() => undefined);
  expect((await readState(store, id)).state.deleting).toBe(true);
  expect(await createRun({ store, recipe: sampleRecipe('# again') })).toEqual({ id, resumed: false });
  expect((await readStoredState(store, id))?.status).toBe('queued');
  expect(await listed()).toEqual(await truth());
});

test('an index that is gone, damaged or of runs of an older version is made again', async () => {
  const ids = [await make('# 1'), await make('# 2')];
  await store.put(pageKey(1), new TextEncoder().encode('{"torn'));
  expect([...(await listed()).keys()].sort()).toEqual(ids.sort());
  for (const key of (await store.list('index/runs/')).keys) await store.delete(key);
  for (const id of ids) {
    const { page: _, generation: __, ...state } = (await readState(store, id)).state;
    await store.put(runKeys(id).state, toJson(state, STATE_FORMAT));
  }
  expect(await listed()).toEqual(await truth());
  expect((await activeRuns({ store })).map(({ spec }) => spec.id).sort()).toEqual(ids.sort());
  await end(ids[0] ?? '', 'done');
  expect(await listed()).toEqual(await truth());
});

test('rebuilding removes what is gone, adds what is missing and keeps what is newer', async () => {
  const [kept, gone] = [await make('# kept'), await make('# gone')];
  for (const key of (await store.list(`runs/${gone}/`)).keys) await store.delete(key);
  await store.delete(BUILT);
  const large = (id: string) => runKeys(id).file('late', 'model.safetensors');
  for (const id of [kept, gone]) await store.put(large(id), new Uint8Array(8));
  expect(await rebuildIndex({ store })).toEqual({ runs: 1 });
  expect([...(await listed()).keys()]).toEqual([kept]);
  expect(await store.get(large(gone))).toBeUndefined();
  expect(await store.get(large(kept))).toBeDefined();
  expect(await readStoredSpec(store, kept)).toBeDefined();
});

test.each(['', 'x', 'WzEsMl0', Buffer.from('[1,2,3]').toString('base64url')])(
  'what is no cursor is refused: %j',
  async (cursor) => {
    await expect(listRunPage({ store, cursor })).rejects.toMatchObject({ code: 'runs/bad-cursor' });
  },
);

test('a page holds 1 to 1000 runs', async () => {
  for (const limit of [0, 1001, 1.5, -1]) {
    await expect(listRunPage({ store, limit })).rejects.toMatchObject({ code: 'runs/bad-limit' });
  }
  expect(await listRunPage({ store })).toEqual({ runs: [] });
});
