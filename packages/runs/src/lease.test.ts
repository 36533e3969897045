import { openStore, registerStores } from '@hubfuse/objects';
import { type ObjectStore, Registry } from '@hubfuse/plugin';
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { sampleRecipe } from '../test/recipes.ts';
import { createRun } from './create-run.ts';
import { fencedStore } from './fenced-store.ts';
import { Lease } from './lease.ts';
import { changeState, readState } from './state-cell.ts';

const LEASE_MS = 1000;
const registry = new Registry();
let store: ObjectStore;
let runId: string;
let lease: Lease;
let count = 0;
beforeAll(() => registerStores(registry));
beforeEach(async () => {
  vi.useFakeTimers();
  store = await openStore(`memory:lease-${count++}`, registry);
  runId = (await createRun({ store, recipe: sampleRecipe() })).id;
  lease = (await take()).lease;
});
afterEach(() => {
  lease.end();
  vi.useRealTimers();
});

const take = () => Lease.take({ store, runId, leaseMs: LEASE_MS, permit: (state) => state });
const body = (text: string) => new TextEncoder().encode(text);
const textOf = async (key: string) => new TextDecoder().decode((await store.get(key))?.body);

/** Another machine's process takes the run, as it may once the lease is over. */
async function takeOver(): Promise<void> {
  const owner = { host: 'elsewhere', pid: 1, nonce: 'other', heartbeatAt: new Date().toISOString(), leaseMs: LEASE_MS };
  await changeState(store, runId, (state) => ({ ...state, owner }));
}

test('while it is young a lease is confirmed without asking the store, and later by renewing it', async () => {
  const before = await readState(store, runId);
  await lease.confirm();
  expect((await readState(store, runId)).etag).toBe(before.etag);
  vi.advanceTimersByTime(LEASE_MS / 2 + 1);
  await lease.confirm();
  const { heartbeatAt = '' } = (await readState(store, runId)).state.owner ?? {};
  expect(Date.parse(heartbeatAt)).toBe(Date.now());
});

test('a process that stood still until another one took its run writes nothing more, however it is asked', async () => {
  const fenced = fencedStore(store, lease);
  await fenced.put('before', body('mine'));
  vi.advanceTimersByTime(LEASE_MS + 1);
  await takeOver();
  const lost = { code: 'run/taken-over' };
  const parts = (async function* () {
    yield body('late');
  })();
  await expect(fenced.put('before', body('late'))).rejects.toMatchObject(lost);
  await expect(fenced.create('new', body('late'))).rejects.toMatchObject(lost);
  await expect(fenced.replace('before', body('late'), 'x')).rejects.toMatchObject(lost);
  await expect(fenced.delete('before')).rejects.toMatchObject(lost);
  await expect(fenced.write('streamed', parts)).rejects.toMatchObject(lost);
  await expect(lease.change((state) => state)).rejects.toMatchObject(lost);
  expect(await textOf('before')).toBe('mine');
  expect(await store.get('new')).toBeUndefined();
  expect(await store.get('streamed')).toBeUndefined();
  expect((await readState(store, runId)).state.owner?.nonce).toBe('other');
});

test('a lease that is lost while a body is streamed breaks the body, and what stood there stays', async () => {
  await store.put('streamed', body('whole'));
  const parts = (async function* () {
    yield body('la');
    vi.advanceTimersByTime(LEASE_MS + 1);
    await takeOver();
    yield body('te');
  })();
  await expect(fencedStore(store, lease).write('streamed', parts)).rejects.toMatchObject({ code: 'run/taken-over' });
  expect(await textOf('streamed')).toBe('whole');
});

test('a put that stands still behind its confirmation does not replace what the next owner wrote', async () => {
  let held = (): void => undefined;
  const slow: ObjectStore = {
    ...methodsOf(store),
    async replace(key, bytes, etag) {
      await new Promise<void>((resolve) => {
        held = resolve;
      });
      return await store.replace(key, bytes, etag);
    },
  };
  await store.put('plan', body('first'));
  const late = fencedStore(slow, lease).put('plan', body('late'));
  await vi.waitFor(() => expect(held).not.toBeUndefined());
  await Promise.resolve();
  vi.advanceTimersByTime(LEASE_MS + 1);
  await takeOver();
  await store.put('plan', body('the next owner'));
  held();
  await expect(late).rejects.toMatchObject({ code: 'run/taken-over' });
  expect(await textOf('plan')).toBe('the next owner');
});

test('what a process created after it stood still in the middle of the write is taken back', async () => {
  const slow: ObjectStore = {
    ...methodsOf(store),
    async create(key, bytes) {
      vi.advanceTimersByTime(LEASE_MS + 1);
      await takeOver();
      return await store.create(key, bytes);
    },
  };
  await expect(fencedStore(slow, lease).put('intent', body('late'))).rejects.toMatchObject({ code: 'run/taken-over' });
  expect(await store.get('intent')).toBeUndefined();
});

test('a clock that was set back confirms nothing by itself', async () => {
  await takeOver();
  vi.setSystemTime(Date.now() - 3_600_000);
  await expect(lease.confirm()).rejects.toMatchObject({ code: 'run/taken-over' });
});

test('an execution that has ended can write nothing, though nobody else took the run', async () => {
  lease.end();
  await expect(fencedStore(store, lease).put('late', body('late'))).rejects.toMatchObject({ code: 'run/taken-over' });
});

test('a run whose lease is over is taken, and one whose owner lives is not', async () => {
  await takeOver();
  await expect(take()).rejects.toMatchObject({ code: 'run/already-running' });
  vi.advanceTimersByTime(LEASE_MS + 1);
  const { state, lease: taken } = await take();
  expect(state).toMatchObject({ status: 'running', attempts: 2, owner: { pid: process.pid } });
  taken.end();
});

function methodsOf(whole: ObjectStore): ObjectStore {
  return {
    url: whole.url,
    get: (key) => whole.get(key),
    read: (key, range) => whole.read(key, range),
    create: (key, bytes) => whole.create(key, bytes),
    replace: (key, bytes, etag) => whole.replace(key, bytes, etag),
    put: (key, bytes) => whole.put(key, bytes),
    write: (key, bytes) => whole.write(key, bytes),
    list: (prefix, page) => whole.list(prefix, page),
    delete: (key) => whole.delete(key),
  };
}
