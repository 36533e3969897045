import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { listCache, removeFromCache } from './cache-contents.ts';

const SHA = 'a'.repeat(40);
let cacheDir: string;

beforeEach(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), 'hubfuse-cache-'));
  const root = join(cacheDir, 'models--ns--name');
  for (const folder of ['blobs', 'refs', `snapshots/${SHA}`]) await mkdir(join(root, folder), { recursive: true });
  await writeFile(join(root, 'blobs', 'b1'), '0123456789');
  await writeFile(join(root, 'blobs', 'b2.incomplete'), '01234');
  await writeFile(join(root, 'refs', 'main'), SHA);
  await symlink('../../blobs/b1', join(root, 'snapshots', SHA, 'config.json'));
  await mkdir(join(cacheDir, '.locks'));
});
afterEach(() => rm(cacheDir, { recursive: true, force: true }));

test('a repository of the cache is listed with its revisions, each content counted once', async () => {
  expect(await listCache({ cacheDir })).toEqual([
    {
      type: 'model',
      repo: 'ns/name',
      folder: join(cacheDir, 'models--ns--name'),
      bytes: 10 + 5 + 40,
      incompleteBytes: 5,
      revisions: [{ sha: SHA, names: ['main'] }],
    },
  ]);
});

test('a cache that does not exist yet is empty', async () => {
  expect(await listCache({ cacheDir: join(cacheDir, 'none') })).toEqual([]);
});

test('removing takes the one repository and says what it held', async () => {
  await mkdir(join(cacheDir, 'datasets--ns--name'));
  expect(await removeFromCache({ cacheDir, type: 'model', repo: 'ns/name' })).toBe(55);
  expect((await listCache({ cacheDir })).map(({ type }) => type)).toEqual(['dataset']);
});

test('removing what is not there is an error, and a path cannot leave the cache', async () => {
  await expect(removeFromCache({ cacheDir, type: 'model', repo: 'ns/other' })).rejects.toThrow(
    'holds no model ns/other',
  );
  await expect(removeFromCache({ cacheDir, type: 'model', repo: '../..' })).rejects.toThrow('holds no model');
});
