import { openStore, registerStores } from '@hubfuse/objects';
import { type ObjectStore, Registry } from '@hubfuse/plugin';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { sampleRecipe } from '../test/recipes.ts';
import { createRun, runIdOf } from './create-run.ts';
import { runKeys } from './keys.ts';
import { listRuns, readRun } from './read-run.ts';
import { changeState, readState } from './state-cell.ts';

const registry = new Registry();
let store: ObjectStore;
let count = 0;
beforeAll(() => registerStores(registry));
beforeEach(async () => {
  store = await openStore(`memory:create-run-${count++}`, registry);
});

test('the same recipe and options find the unfinished run again', async () => {
  const first = await createRun({ store, recipe: sampleRecipe(), options: { out: '/models/merged' } });
  expect(first).toEqual({ id: expect.stringMatching(/^linear-a-b-[0-9a-f]{10}$/), resumed: false });
  expect(await createRun({ store, recipe: sampleRecipe(), options: { out: '/models/merged' } })).toEqual({
    id: first.id,
    resumed: true,
  });
});

test.each([
  { out: '/models/other' },
  { out: '/models/merged', seed: 8 },
  { out: '/models/merged', hubUrl: 'http://127.0.0.1:1' },
  { out: '/models/merged', shardSize: 1000 },
])('other options are another run: %j', async (options) => {
  const first = await createRun({ store, recipe: sampleRecipe(), options: { out: '/models/merged' } });
  expect((await createRun({ store, recipe: sampleRecipe(), options })).id).not.toBe(first.id);
});

test('another recipe text is another run', async () => {
  const first = await createRun({ store, recipe: sampleRecipe() });
  expect((await createRun({ store, recipe: sampleRecipe('# changed') })).id).not.toBe(first.id);
});

test('after a run is done, and where a fresh one is wanted, the same request is a new run', async () => {
  const first = await createRun({ store, recipe: sampleRecipe() });
  await changeState(store, first.id, (state) => ({ ...state, status: 'done' }));
  const second = await createRun({ store, recipe: sampleRecipe() });
  expect(second).toEqual({ id: `${first.id}-2`, resumed: false });
  const third = await createRun({ store, recipe: sampleRecipe(), fresh: true });
  expect(third).toEqual({ id: `${first.id}-3`, resumed: false });
});

test('runs are listed with name, status and phase', async () => {
  const { id } = await createRun({ store, recipe: { ...sampleRecipe(), name: 'Support intents!' } });
  expect(id).toMatch(/^Support-intents-[0-9a-f]{10}$/);
  expect(await listRuns({ store })).toEqual([
    expect.objectContaining({ id, name: 'Support intents!', status: 'queued', phase: 'resolve' }),
  ]);
});

test.each(['unknown', '../../etc', 'a/b', ''])('reading the run %j is an error that says so', async (runId) => {
  await expect(readRun({ store, runId })).rejects.toMatchObject({ code: expect.stringMatching(/^run|^store/) });
});

test('any number of callers under one word make one run, whatever they ask for and whatever came of it', async () => {
  const made = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      createRun({ store, recipe: sampleRecipe(`# ${index}`), once: 'push of you/a', fresh: index % 2 === 0 }),
    ),
  );
  expect(new Set(made.map(({ id }) => id)).size).toBe(1);
  expect(made.filter(({ resumed }) => !resumed)).toHaveLength(1);
  const id = made[0]?.id ?? '';
  for (const status of ['failed', 'cancelled', 'done'] as const) {
    await changeState(store, id, (state) => ({ ...state, status }));
    expect(await createRun({ store, recipe: sampleRecipe(), once: 'push of you/a' })).toEqual({ id, resumed: true });
  }
  expect((await createRun({ store, recipe: sampleRecipe(), once: 'push of you/b' })).id).not.toBe(id);
});

test('who made the run is told so, also where another process was quicker with its state', async () => {
  const once = 'one key';
  const others: Promise<{ resumed: boolean }>[] = [];
  const overtaken = new Proxy(store, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property);
      if (typeof value !== 'function') return value;
      if (property !== 'create') return value.bind(target);
      return async (key: string, body: Uint8Array) => {
        const etag = await target.create(key, body);
        if (key === runKeys(runIdOf(once)).spec) {
          others.push(createRun({ store, recipe: sampleRecipe(), once }));
          await others[0];
        }
        return etag;
      };
    },
  });
  expect(await createRun({ store: overtaken, recipe: sampleRecipe(), once })).toMatchObject({ resumed: false });
  expect(await Promise.all(others)).toMatchObject([{ resumed: true }]);
});

test('a run keeps who asked for it, and the stricter of the limits that recipe and caller set', async () => {
  const origin = { trigger: 'http', key: 'key-1', ancestry: [] } as const;
  const recipe = { ...sampleRecipe(), limits: { seconds: 60, disk: 1000 } };
  const { id } = await createRun({ store, recipe, origin, limits: { seconds: 90, memory: 5, disk: 10 } });
  const { spec } = await readRun({ store, runId: id });
  expect(spec.origin).toEqual(origin);
  expect(spec.limits).toEqual({ seconds: 60, memory: 5, disk: 10 });
});

test('runs of the first version are read as of today', async () => {
  const { id } = await createRun({ store, recipe: sampleRecipe() });
  const { origin: _, limits: __, ...spec } = (await readRun({ store, runId: id })).spec;
  const state = { ...(await readState(store, id)).state, status: 'created' };
  const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify({ format: 1, value }));
  await store.put(runKeys(id).spec, bytes(spec));
  await store.put(runKeys(id).state, bytes(state));
  expect(await readRun({ store, runId: id })).toMatchObject({
    spec: { origin: { trigger: 'command', ancestry: [] }, limits: {} },
    state: { status: 'queued' },
  });
});
