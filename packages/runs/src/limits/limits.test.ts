import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { ObjectStore } from '@hubfuse/plugin';
import type { RunLimits } from '@hubfuse/recipe';
import { beforeEach, expect, test } from 'vitest';
import { memoryStores } from '../../test/memory-stores.ts';
import { sampleRecipe } from '../../test/recipes.ts';
import { createRun } from '../create-run.ts';
import { executePhases } from '../execute-phases.ts';
import { modelFolder } from '../model-folder.ts';
import type { Phase } from '../phase.ts';
import { readRun } from '../read-run.ts';
import { retryRun } from '../retry-run.ts';
import { changeState } from '../state-cell.ts';
import { checkPlannedDisk, DiskUse } from './disk-use.ts';
import { limitedMemory } from './limited-memory.ts';

let store: ObjectStore;
let folder: string;
const stores = memoryStores('limits');
const { registry } = stores;
beforeEach(() => {
  ({ store, folder } = stores);
});

const options = (runId: string, more: { memory?: number; leaseMs?: number } = {}) => ({
  ...{ store, runId, registry, hub: { cacheDir: '' }, workspace: join(folder, runId) },
  ...more,
});
const finish = async () => ({ published: false });
const phase = (name: Phase['name'], run: Phase['run']): Phase => ({ name, run });
const make = async (limits: RunLimits) => (await createRun({ store, recipe: sampleRecipe(), limits })).id;
const untilStopped: Phase['run'] = async ({ signal }) => {
  await new Promise((resolve) => signal.addEventListener('abort', resolve));
  signal.throwIfAborted();
  return {};
};

test('a run that has worked for as long as it may fails, and goes on with a higher limit', async () => {
  const id = await make({ seconds: 0.2 });
  const error = { code: 'run/time-limit', where: 'limits.time', hint: expect.stringContaining('raise limits.time') };
  await expect(
    executePhases(options(id, { leaseMs: 400 }), [phase('resolve', untilStopped)], finish),
  ).rejects.toMatchObject(error);
  const { state } = await readRun({ store, runId: id });
  expect(state).toMatchObject({ status: 'failed', error: { code: 'run/time-limit' } });
  expect(state.workedSeconds).toBeGreaterThanOrEqual(0.2);
  await retryRun({ store, runId: id });
  await expect(executePhases(options(id), [phase('resolve', async () => ({}))], finish)).rejects.toMatchObject(error);
  await retryRun({ store, runId: id, limits: { seconds: 3600 } });
  expect((await executePhases(options(id), [phase('resolve', async () => ({}))], finish)).status).toBe('done');
});

test('time counts over all executions, and waiting does not', async () => {
  const id = await make({ seconds: 1000 });
  const working = phase('resolve', async () => {
    await wait(300);
    throw new Error('no');
  });
  await expect(executePhases(options(id), [working], finish)).rejects.toThrow('no');
  const { workedSeconds: first } = (await readRun({ store, runId: id })).state;
  await wait(300);
  await expect(executePhases(options(id), [working], finish)).rejects.toThrow('no');
  const { workedSeconds: both } = (await readRun({ store, runId: id })).state;
  expect(first).toBeGreaterThanOrEqual(0.3);
  expect(both).toBeGreaterThanOrEqual(first + 0.3);
  expect(both - first).toBeLessThan(2 * first + 5);
});

test('a search hears that its time is over and keeps what it found, and the run fails behind it', async () => {
  const id = await make({ seconds: 0.2 });
  const phases = [
    phase('resolve', async () => ({ next: ['search', 'merge'] })),
    phase('search', async ({ isOutOfTime, signal }) => {
      while (!isOutOfTime()) await wait(20, undefined, { signal });
      return { output: 'the best so far' };
    }),
    phase('merge', async ({ output }) => ({ output: `merged ${output<string>('search')}` })),
  ];
  await expect(executePhases(options(id, { leaseMs: 400 }), phases, finish)).rejects.toMatchObject({
    code: 'run/time-limit',
  });
  expect((await readRun({ store, runId: id })).state.phases[1]).toMatchObject({
    status: 'done',
    output: 'the best so far',
  });
  await retryRun({ store, runId: id, limits: { seconds: 3600 } });
  const { phases: done } = await executePhases(options(id), phases, finish);
  expect(done[2]?.output).toBe('merged the best so far');
});

test('a merge gets the memory of the limit, less where less was asked for, and more is refused', async () => {
  expect(limitedMemory(undefined, {})).toBeUndefined();
  expect(limitedMemory(5, {})).toBe(5);
  expect(limitedMemory(undefined, { memory: 10 })).toBe(10);
  expect(limitedMemory(7, { memory: 10 })).toBe(7);
  const id = await make({ memory: 10 });
  let seen: number | undefined;
  const resolve = phase('resolve', async ({ execution }) => {
    seen = execution.memory;
    return {};
  });
  await expect(executePhases(options(id, { memory: 11 }), [resolve], finish)).rejects.toMatchObject({
    code: 'run/memory-limit',
    where: 'limits.memory',
  });
  expect(seen).toBeUndefined();
  await executePhases(options(id), [resolve], finish);
  expect(seen).toBe(10);
});

test('a plan that needs more disk than the run may use is refused with both figures', () => {
  const plan = { bytes: { download: 700, output: 301 } };
  expect(() => checkPlannedDisk('a', plan, {})).not.toThrow();
  expect(() => checkPlannedDisk('a', plan, { disk: 1001 })).not.toThrow();
  expect(() => checkPlannedDisk('a', plan, { disk: 1000 })).toThrow(/1001 bytes.*700.*301.*1000/);
});

test('what a run puts onto the disk is downloads, the folder that it builds and its scratch files', async () => {
  const workspace = join(folder, 'used');
  const place = modelFolder({ spec: { id: 'mine', options: {} }, workspace, attempt: 1 });
  const scratch = join(workspace, 'scratch', `mine.${process.pid}.${crypto.randomUUID()}`);
  const others = join(workspace, 'scratch', `other.${process.pid}.${crypto.randomUUID()}`);
  for (const [path, bytes] of [
    [join(place.temporary, 'sub'), 10_000],
    [scratch, 20_000],
    [others, 40_000],
  ] as const) {
    await mkdir(path, { recursive: true });
    await writeFile(join(path, 'file'), Buffer.alloc(bytes, 1));
  }
  const disk = new DiskUse({ folder: place, workspace, runId: 'mine' });
  disk.hear({ type: 'download', repo: 'a/b', path: 'x', received: 3000, size: 9000 } as Parameters<DiskUse['hear']>[0]);
  disk.hear({ type: 'download', repo: 'a/b', path: 'x', received: 5000, size: 9000 } as Parameters<DiskUse['hear']>[0]);
  expect(await disk.bytes()).toBe(35_000);
});

test('limits that were raised hold in the place of those of the recipe', async () => {
  const id = await make({ memory: 10, disk: 5 });
  await changeState(store, id, (state) => ({ ...state, status: 'failed' }));
  await retryRun({ store, runId: id, limits: { memory: 20 } });
  let seen: RunLimits | undefined;
  const resolve = phase('resolve', async ({ limits }) => {
    seen = limits;
    return {};
  });
  await executePhases(options(id, { memory: 15 }), [resolve], finish);
  expect(seen).toEqual({ memory: 20, disk: 5 });
});
