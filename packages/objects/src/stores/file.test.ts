import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { storeContract } from '../../test/store-contract.ts';
import { listAll } from '../json.ts';
import { withLock } from '../lock.ts';
import file from './file.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hubfuse-objects-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const url = (name: string) => pathToFileURL(join(folder, name)).href;
const racer = fileURLToPath(new URL('../../test/racer.mjs', import.meta.url));
const start = (...args: string[]): ChildProcess =>
  spawn(process.execPath, [racer, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });

async function outcome(child: ChildProcess): Promise<string> {
  let output = '';
  child.stdout?.on('data', (part: Buffer) => {
    output += part.toString();
  });
  const code = await new Promise((resolve) => child.on('close', resolve));
  expect(code).toBe(0);
  return output;
}

storeContract('file', () => file.open(url('contract')));

test('of twenty processes that create one key exactly one wins', async () => {
  const racers = Array.from({ length: 20 }, () => start(url('create'), 'create', 'runs/one/state.json'));
  const outcomes = await Promise.all(racers.map(outcome));
  expect(outcomes.filter((text) => text === 'won')).toHaveLength(1);
  expect(outcomes.filter((text) => text === 'lost')).toHaveLength(19);
});

test('no increment of four processes is lost', async () => {
  const store = await file.open(url('increment'));
  await store.put('counter', new TextEncoder().encode('0'));
  await Promise.all(Array.from({ length: 4 }, () => outcome(start(url('increment'), 'increment', 'counter', '25'))));
  expect(Number.parseInt(new TextDecoder().decode((await store.get('counter'))?.body), 10)).toBe(100);
});

test('a process killed while it writes leaves only whole objects, a free lock and no temporary files', async () => {
  const place = url('killed');
  for (let round = 0; round < 4; round++) {
    const child = start(place, 'churn', 'churned');
    await new Promise((resolve) => child.stdout?.once('data', resolve));
    await new Promise((resolve) => setTimeout(resolve, 30 + Math.random() * 60));
    child.kill('SIGKILL');
    await new Promise((resolve) => child.on('close', resolve));
    const store = await file.open(place);
    for await (const key of listAll(store, '')) {
      const body = new TextDecoder().decode((await store.get(key))?.body);
      const [first, middle, last] = body.split(':');
      expect(first).toBe(last);
      expect(middle?.length).toBe(50_000 + (Number(first) % 50_000));
    }
    await store.put('churned', new TextEncoder().encode('0:'.concat('x'.repeat(50_000), ':0')));
    expect(await readdir(join(folder, 'killed', '.store', 'temporary'))).toEqual([]);
  }
});

test('a key that is the folder of another one is refused with the reason', async () => {
  const store = await file.open(url('conflict'));
  const body = new TextEncoder().encode('x');
  await store.put('a/b', body);
  await expect(store.put('a', body)).rejects.toMatchObject({ code: 'store/key-conflict' });
  await expect(store.create('a', body)).rejects.toMatchObject({ code: 'store/key-conflict' });
  await expect(store.create('a/b/c', body)).rejects.toMatchObject({ code: 'store/key-conflict' });
  expect(await store.get('a')).toBeUndefined();
  expect(await store.get('a/b/c')).toBeUndefined();
});

test('a process that stood still and lost its lock does not write over what came after it', async () => {
  const place = url('stood-still');
  const store = await file.open(place);
  const bytes = (text: string) => new TextEncoder().encode(text);
  const first = await store.put('state', bytes('first'));
  const locks = join(folder, 'stood-still', '.store', 'locks');
  const temporary = join(folder, 'stood-still', '.store', 'temporary');
  const lock = join(locks, createHash('sha256').update('state').digest('hex').slice(0, 40));
  const late = join(temporary, 'late');
  await writeFile(late, 'late');
  const target = join(folder, 'stood-still', 'state');
  await withLock({ path: lock, scratch: temporary, file: late }, async (held) => {
    const longAgo = new Date(Date.now() - 60_000);
    await utimes(held, longAgo, longAgo);
    expect(await store.replace('state', bytes('second'), first)).toBeDefined();
    await expect(rename(held, target)).rejects.toMatchObject({ code: 'ENOENT' });
  });
  expect(new TextDecoder().decode((await store.get('state'))?.body)).toBe('second');
});

test('whoever waits long for a lock holds it as long as anybody else', async () => {
  const scratch = join(folder, 'waiting');
  await mkdir(scratch);
  const lock = join(scratch, 'lock');
  const mine = join(scratch, 'mine');
  await writeFile(mine, 'mine');
  const longAgo = new Date(Date.now() - 60_000);
  await utimes(mine, longAgo, longAgo);
  await withLock({ path: lock, scratch, file: mine }, async (held) => {
    expect(Date.now() - (await stat(held)).mtimeMs).toBeLessThan(20_000);
  });
});
