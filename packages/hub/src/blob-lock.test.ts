import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type BlobLock, lockBlob } from './blob-lock.ts';
import { SYSTEM_CLOCK } from './transient.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hubfuse-lock-'));
});
afterEach(async () => await rm(folder, { recursive: true, force: true }));

const path = () => join(folder, 'blob.lock');
const never = async () => false;
const lock = async (isDone = never, signal?: AbortSignal) =>
  await lockBlob({ path: path(), isDone, signal, clock: { ...SYSTEM_CLOCK, sleep: async () => await sleep(1) } });

/** Number of a process that has ended. */
function deadProcess(): number {
  return spawnSync(process.execPath, ['-e', '']).pid;
}

test('a second holder waits until the first lets go', async () => {
  const first = (await lock()) as BlobLock;
  let second: BlobLock | undefined;
  const waiting = lock().then((held) => {
    second = held;
  });
  await sleep(30);
  expect(second).toBeUndefined();
  await first.release();
  await waiting;
  expect(second?.predecessor).toBe('none');
  await second?.release();
  expect(await readdir(folder)).toEqual([]);
});

test('who waits is told when the work is done', async () => {
  const first = (await lock()) as BlobLock;
  let done = false;
  const waiting = lock(async () => done);
  done = true;
  expect(await waiting).toBeUndefined();
  await first.release();
});

test('a dead process holds nothing', async () => {
  await writeFile(path(), JSON.stringify({ host: hostname(), pid: deadProcess(), id: 'x' }));
  const taken = await lock();
  expect(taken?.predecessor).toBe('dead');
  await taken?.release();
});

test('a lock of this process’s own number from before a restart holds nothing', async () => {
  await writeFile(path(), JSON.stringify({ host: hostname(), pid: process.pid, id: 'of an earlier process' }));
  expect((await lock())?.predecessor).toBe('dead');
});

test('a process of another machine is given up only after a long silence', async () => {
  await writeFile(path(), JSON.stringify({ host: 'elsewhere', pid: 1, id: 'x' }));
  const controller = new AbortController();
  const waiting = lock(never, controller.signal);
  await sleep(30);
  controller.abort(new Error('waited enough'));
  await expect(waiting).rejects.toThrow('waited enough');

  const longAgo = new Date(Date.now() - 3_600_000);
  await utimes(path(), longAgo, longAgo);
  expect((await lock())?.predecessor).toBe('silent');
});

test('a lock whose maker was killed before it could write its name is given up after seconds', async () => {
  await writeFile(path(), '');
  const controller = new AbortController();
  const waiting = lock(never, controller.signal);
  await sleep(30);
  controller.abort(new Error('waited enough'));
  await expect(waiting).rejects.toThrow('waited enough');

  const before = new Date(Date.now() - 5_000);
  await utimes(path(), before, before);
  expect((await lock())?.predecessor).toBe('silent');
});

test('of many that find a dead holder, one at a time gets the lock', async () => {
  await writeFile(path(), JSON.stringify({ host: hostname(), pid: deadProcess(), id: 'x' }));
  let holders = 0;
  let most = 0;
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      const held = await lock();
      holders++;
      most = Math.max(most, holders);
      await sleep(3);
      holders--;
      await held?.release();
    }),
  );
  expect(most).toBe(1);
});
