import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { toJson } from '@hubfuse/objects';
import type { ObjectStore } from '@hubfuse/plugin';
import { beforeEach, expect, test, vi } from 'vitest';
import { memoryStores } from '../test/memory-stores.ts';
import { sampleRecipe } from '../test/recipes.ts';
import { cancelRun } from './cancel-run.ts';
import { createRun } from './create-run.ts';
import { deleteRun } from './delete-run.ts';
import { readEvents } from './event-log.ts';
import { executePhases } from './execute-phases.ts';
import { runKeys } from './keys.ts';
import type { Phase } from './phase.ts';
import { pruneRuns } from './prune-runs.ts';
import { publishRun } from './publish-run.ts';
import { listRuns, readRun } from './read-run.ts';
import { retryRun } from './retry-run.ts';
import { changeState } from './state-cell.ts';
import { logFile } from './worker-process/log-file.ts';

let store: ObjectStore;
let folder: string;
const stores = memoryStores('run-life');
const { registry } = stores;
beforeEach(() => {
  ({ store, folder } = stores);
});

const options = (runId: string, more: { leaseMs?: number; continueEnded?: boolean } = {}) => ({
  ...{ store, runId, registry, hub: { cacheDir: '' }, workspace: '' },
  ...more,
});
const finish = async () => ({ published: false });
const phase = (name: Phase['name'], run: Phase['run']): Phase => ({ name, run });
const make = async (text = '# one') => (await createRun({ store, recipe: sampleRecipe(text) })).id;
const end = (id: string, status: 'done' | 'failed' | 'cancelled', published = false) =>
  changeState(store, id, (state) => ({ ...state, status, ...(status === 'done' ? { published } : {}) }));
const stateOf = async (id: string) => (await readRun({ store, runId: id })).state;

async function eventsOf(id: string): Promise<string[]> {
  const types: string[] = [];
  for await (const { type } of readEvents({ store, runId: id })) types.push(type);
  return types;
}

test('a run that waits is cancelled at once, and is not begun by whoever was sent for it', async () => {
  const id = await make();
  await cancelRun({ store, runId: id });
  expect(await stateOf(id)).toMatchObject({ status: 'cancelled', error: { code: 'run/cancelled' } });
  expect(await eventsOf(id)).toEqual(['cancelled']);
  const resolve = phase('resolve', async () => ({}));
  await expect(executePhases(options(id), [resolve], finish)).rejects.toMatchObject({ code: 'run/cancelled' });
  expect((await stateOf(id)).attempts).toBe(0);
  expect((await executePhases(options(id), [resolve], finish)).status).toBe('done');
});

test('whoever asks again for a run that was cancelled before it began gets it executed', async () => {
  const id = await make();
  await cancelRun({ store, runId: id });
  expect(await make()).toBe(id);
  expect((await executePhases(options(id), [phase('resolve', async () => ({}))], finish)).status).toBe('done');
});

test('a run whose worker is gone is cancelled at once', async () => {
  const id = await make();
  const owner = { host: 'elsewhere', pid: 1, nonce: 'x', heartbeatAt: new Date(0).toISOString(), leaseMs: 1000 };
  await changeState(store, id, (state) => ({ ...state, status: 'running', owner }));
  await cancelRun({ store, runId: id });
  expect(await stateOf(id)).toMatchObject({ status: 'cancelled' });
  expect((await stateOf(id)).owner).toBeUndefined();
});

test('a phase that hears nothing does not keep its run from being cancelled, and can write nothing later', async () => {
  const id = await make();
  let late: Promise<unknown> | undefined;
  let release = (): void => undefined;
  const deaf = phase('resolve', async ({ execution, event }) => {
    await new Promise<void>((resolve) => {
      release = resolve;
    });
    late = Promise.allSettled([
      execution.store.put(`runs/${id}/late`, new Uint8Array()),
      event({ type: 'warning', code: 'late', message: 'late' }),
    ]);
    await late;
    return {};
  });
  const running = executePhases(options(id, { leaseMs: 400 }), [deaf], finish);
  const outcome = running.catch((error: unknown) => error);
  await expect.poll(async () => (await stateOf(id)).status).toBe('running');
  await cancelRun({ store, runId: id });
  expect(await outcome).toMatchObject({ code: 'run/cancelled' });
  expect((await stateOf(id)).status).toBe('cancelled');
  const events = await eventsOf(id);
  release();
  await vi.waitFor(() => expect(late).toBeDefined());
  await late;
  expect(await store.get(`runs/${id}/late`)).toBeUndefined();
  expect(await eventsOf(id)).toEqual(events);
});

test('whoever was sent for a run that has ended without being done leaves it alone', async () => {
  const id = await make();
  await end(id, 'failed');
  const before = await stateOf(id);
  const sent = executePhases(options(id, { continueEnded: false }), [phase('resolve', async () => ({}))], finish);
  await expect(sent).rejects.toMatchObject({ code: 'run/cancelled' });
  expect(await stateOf(id)).toEqual(before);
});

test('a run that failed is queued under its own id and goes on where it was', async () => {
  const id = await make();
  const origin = (await readRun({ store, runId: id })).spec.origin;
  await changeState(store, id, (state) => ({
    ...state,
    status: 'failed',
    error: { name: 'HubError', code: 'hub/unreachable', message: 'no' },
    phases: [
      { name: 'resolve', status: 'done', output: 'pinned' },
      { name: 'fetch', status: 'running' },
    ],
  }));
  expect(await retryRun({ store, runId: id })).toMatchObject({ status: 'queued', generation: 2 });
  const state = await stateOf(id);
  expect(state.error).toBeUndefined();
  expect(state.phases[0]).toMatchObject({ status: 'done', output: 'pinned' });
  expect((await readRun({ store, runId: id })).spec.origin).toEqual(origin);
  expect(await eventsOf(id)).toEqual(['queued']);
});

test('a run that its gate kept from being published begins anew when it is retried', async () => {
  const id = await make();
  await changeState(store, id, (state) => ({
    ...{ ...state, status: 'done', published: false },
    phases: [{ name: 'resolve', status: 'done', output: 'pinned' }],
  }));
  await store.put(runKeys(id).report, toJson({ run: id }));
  await retryRun({ store, runId: id });
  expect((await stateOf(id)).phases).toEqual([{ name: 'resolve', status: 'waiting' }]);
  expect((await readRun({ store, runId: id })).report).toBeUndefined();
});

test('what has not ended or was published is not retried', async () => {
  const id = await make();
  await expect(retryRun({ store, runId: id })).rejects.toMatchObject({ code: 'run/active' });
  await end(id, 'done', true);
  await expect(retryRun({ store, runId: id })).rejects.toMatchObject({ code: 'run/published' });
  await expect(retryRun({ store, runId: 'unknown' })).rejects.toMatchObject({ code: 'run/unknown' });
});

test('what a gate kept back is published on request, also where the gate is asked again', async () => {
  const recipe = { ...sampleRecipe(), publish: { hub: { repo: 'you/x' }, others: {} } } as ReturnType<
    typeof sampleRecipe
  >;
  const { id } = await createRun({ store, recipe });
  const anyway: boolean[] = [];
  const phases = [
    phase('resolve', async () => ({ next: ['gate'] })),
    phase('gate', async ({ publishAnyway }) => {
      anyway.push(publishAnyway);
      return {};
    }),
    phase('publish', async () => ({ output: 'published' })),
  ];
  await expect(publishRun({ store, runId: id })).rejects.toMatchObject({ code: 'run/not-done' });
  await store.put(runKeys(id).plan, toJson({ recipe }));
  await executePhases(options(id), phases, finish);
  expect(await publishRun({ store, runId: id })).toMatchObject({ status: 'queued', publishAnyway: true });
  const again = phases.map((one) => (one.name === 'gate' ? { ...one, stands: async () => false } : one));
  const done = await executePhases(options(id), again, async () => ({ published: true }));
  expect(done.phases.at(-1)).toMatchObject({ name: 'publish', status: 'done', output: 'published' });
  expect(anyway).toEqual([false, true]);
  await expect(publishRun({ store, runId: id })).rejects.toMatchObject({ code: 'run/published' });
});

test('a run without a target has nothing to publish', async () => {
  const id = await make();
  await store.put(runKeys(id).plan, toJson({ recipe: sampleRecipe() }));
  await end(id, 'done');
  await expect(publishRun({ store, runId: id })).rejects.toMatchObject({ code: 'run/nothing-to-publish' });
});

test('a run that has ended goes with everything that is kept of it, and nothing else does', async () => {
  const [gone, kept] = [await make('# gone'), await make('# kept')];
  const workspace = join(folder, 'workspace');
  const places = (id: string) => [
    join(workspace, 'models', id),
    join(workspace, 'models', `.${id}.${id}.partial-2`),
    join(workspace, 'scratch', `${id}.1.${crypto.randomUUID()}`),
    join(workspace, 'scratch', id),
  ];
  const all = { gone: places(gone), kept: places(kept) };
  for (const place of [...all.gone, ...all.kept]) await mkdir(place, { recursive: true });
  await mkdir(join(workspace, 'logs'), { recursive: true });
  for (const id of [gone, kept]) await writeFile(logFile(workspace, id), 'log');
  await store.put('scores/one', new Uint8Array());
  await expect(deleteRun({ store, runId: gone, workspace })).rejects.toMatchObject({ code: 'run/active' });
  for (const id of [gone, kept]) await end(id, 'failed');
  await deleteRun({ store, runId: gone, workspace });
  expect((await store.list(`runs/${gone}/`)).keys).toEqual([]);
  expect([...all.gone, logFile(workspace, gone)].filter((path) => existsSync(path))).toEqual([]);
  expect([...all.kept, logFile(workspace, kept)].filter((path) => !existsSync(path))).toEqual([]);
  expect((await listRuns({ store })).map(({ id }) => id)).toEqual([kept]);
  expect(await store.get('scores/one')).toBeDefined();
  await expect(deleteRun({ store, runId: gone })).rejects.toMatchObject({ code: 'run/unknown' });
});

test('a folder that the user chose for the model stays when its run goes', async () => {
  const out = join(folder, 'chosen');
  const { id } = await createRun({ store, recipe: sampleRecipe(), options: { out } });
  await mkdir(out);
  await mkdir(join(folder, `.chosen.${id}.partial-1`));
  await end(id, 'done');
  await deleteRun({ store, runId: id, workspace: join(folder, 'elsewhere') });
  expect(existsSync(out)).toBe(true);
  expect(existsSync(join(folder, `.chosen.${id}.partial-1`))).toBe(false);
});

test('pruning keeps the latest, takes the old and never a run that has not ended', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  try {
    const ids: string[] = [];
    for (let number = 0; number < 6; number++) {
      const id = await make(`# ${number}`);
      ids.push(id);
      if (number !== 1) await end(id, 'done');
      vi.setSystemTime(Date.now() + 3_600_000);
    }
    expect(await pruneRuns({ store })).toEqual([]);
    expect((await pruneRuns({ store, olderThanMs: 5.5 * 3_600_000 })).sort()).toEqual([ids[0]]);
    expect((await pruneRuns({ store, keep: 2 })).sort()).toEqual([ids[2], ids[3]].sort());
    expect((await listRuns({ store })).map(({ id }) => id)).toEqual([ids[5], ids[4], ids[1]]);
    expect((await pruneRuns({ store, keep: 0 })).length).toBe(2);
    expect((await listRuns({ store })).map(({ id }) => id)).toEqual([ids[1]]);
  } finally {
    vi.useRealTimers();
  }
});
