import { createHash } from 'node:crypto';
import { appendFile, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type RepoCache, repoCache } from './cache-layout.ts';
import { leftBytes, PartialDownload } from './partial-download.ts';

const content = Buffer.from(Array.from({ length: 1000 }, (_, index) => index % 251));
const file = { path: 'x', size: content.length, sha256: createHash('sha256').update(content).digest('hex') };

let root: string;
let cache: RepoCache;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'hubfuse-partial-'));
  cache = repoCache({ cacheDir: root, type: 'model', repo: 'ns/name' });
});
afterEach(async () => await rm(root, { recursive: true, force: true }));

async function receive(partial: PartialDownload, start: number, end: number): Promise<void> {
  await partial.write(content.subarray(start, end), start);
  await partial.note({ start, end });
}

/** What a killed process leaves: ranges written and noted, nothing closed in order. */
async function leave(...ranges: [number, number][]): Promise<string> {
  const partial = await PartialDownload.open(cache, file, false);
  for (const [start, end] of ranges) await receive(partial, start, end);
  await partial.close();
  return partial.folder;
}

test('what is missing is asked for in pieces, around what is there', async () => {
  const partial = await PartialDownload.open(cache, file, false);
  await receive(partial, 300, 500);
  await receive(partial, 500, 600);
  expect(partial.received).toBe(300);
  expect(partial.missing(250)).toEqual([
    { start: 0, end: 250 },
    { start: 250, end: 300 },
    { start: 600, end: 850 },
    { start: 850, end: 1000 },
  ]);
  await partial.close();
});

test('ranges in any order make the file, and it gets its name only when it is right', async () => {
  const partial = await PartialDownload.open(cache, file, false);
  for (const [start, end] of [
    [600, 1000],
    [0, 100],
    [100, 600],
  ] as const)
    await receive(partial, start, end);
  expect(await partial.verify()).toEqual({ right: true, found: file.sha256 });
  const blob = join(root, 'blob');
  expect(await partial.finish(blob)).toBe(true);
  expect((await readFile(blob)).equals(content)).toBe(true);
  expect(await readdir(cache.downloads)).toEqual([]);
});

test('a wrong byte is found', async () => {
  const partial = await PartialDownload.open(cache, file, false);
  await partial.write(Buffer.alloc(1000), 0);
  await partial.note({ start: 0, end: 1000 });
  expect((await partial.verify()).right).toBe(false);
  await partial.discard();
  expect(await readdir(cache.downloads)).toEqual([]);
});

test('a later process goes on with what was noted, and only with that', async () => {
  const folder = await leave([0, 100], [400, 500]);
  expect(await leftBytes(cache, file)).toBe(200);
  // A kill tears the last line of the journal: "500 6" of "500 600".
  await appendFile(join(folder, 'journal'), '500 6');
  const partial = await PartialDownload.open(cache, file, false);
  expect(partial.received).toBe(200);
  for (const { start, end } of partial.missing(1000)) await receive(partial, start, end);
  expect((await partial.verify()).right).toBe(true);
  await partial.discard();
});

test.each([
  ['of another size', async (folder: string) => await writeFile(join(folder, 'journal'), '999\n0 100\n')],
  ['that claims more than there is', async (folder: string) => await truncate(join(folder, 'data'), 50)],
  ['with nonsense in it', async (folder: string) => await writeFile(join(folder, 'journal'), '1000\nx y\n5 2\n-1 4\n')],
  ['that is gone', async (folder: string) => await rm(join(folder, 'journal'))],
])('a journal %s is not believed', async (_name, damage) => {
  await damage(await leave([0, 100]));
  const partial = await PartialDownload.open(cache, file, false);
  expect(partial.received).toBe(0);
  await partial.discard();
});

test('a process that was given up cannot write into what another took over', async () => {
  const first = await PartialDownload.open(cache, file, false);
  await receive(first, 0, 500);
  const second = await PartialDownload.open(cache, file, true);
  expect(second.received).toBe(500);
  await first.write(Buffer.alloc(500), 0);
  await receive(second, 500, 1000);
  expect((await second.verify()).right).toBe(true);
  const blob = join(root, 'blob');
  expect(await second.finish(blob)).toBe(true);
  expect((await readFile(blob)).equals(content)).toBe(true);
  await receive(first, 0, 1000);
  expect(await first.finish(join(root, 'other'))).toBe(false);
});

test('a file without a stated checksum counts as right when it is whole', async () => {
  const partial = await PartialDownload.open(cache, { path: 'a/b', size: 1000 }, false);
  expect((await partial.verify()).right).toBe(false);
  await receive(partial, 0, 1000);
  expect((await partial.verify()).right).toBe(true);
  await partial.discard();
});
