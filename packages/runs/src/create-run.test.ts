import { openStore, registerStores } from '@hubfuse/objects';
import { type ObjectStore, Registry } from '@hubfuse/plugin';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { sampleRecipe } from '../test/recipes.ts';
import { createRun } from './create-run.ts';
import { listRuns, readRun } from './read-run.ts';
import { changeState } from './state-cell.ts';

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
    expect.objectContaining({ id, name: 'Support intents!', status: 'created', phase: 'resolve' }),
  ]);
});

test.each(['unknown', '../../etc', 'a/b', ''])('reading the run %j is an error that says so', async (runId) => {
  await expect(readRun({ store, runId })).rejects.toMatchObject({ code: expect.stringMatching(/^run|^store/) });
});
