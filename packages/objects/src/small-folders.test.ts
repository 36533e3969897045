import { mkdir, mkdtemp, readdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listAll } from './json.ts';
import { QuickLooks } from './quick-looks.ts';
import { SmallFolders } from './small-folders.ts';
import file from './stores/file.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hubfuse-folders-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** As old as a folder that nobody changed for a while: its listing is remembered. */
async function settle(path: string): Promise<void> {
  const long = new Date(Date.now() - 60_000);
  await utimes(path, long, long);
  // The time at which times were set is too young; only waiting makes that old.
  await new Promise((resolve) => setTimeout(resolve, 1_050));
}

test.concurrent('a listing that is remembered shows what came, went and was replaced', async () => {
  const path = join(folder, 'seen');
  await mkdir(path);
  await writeFile(join(path, 'b'), '');
  await settle(path);
  const folders = new SmallFolders(new QuickLooks());
  const first = await folders.read(path);
  expect(first).toEqual(['b']);
  expect(await folders.read(path)).toBe(first);
  await writeFile(join(path, 'a'), '');
  await mkdir(join(path, 'c'));
  await writeFile(join(path, '.hidden'), '');
  expect(await folders.read(path)).toEqual(['a', 'b', 'c/']);
  await rm(join(path, 'b'));
  expect(await folders.read(path)).toEqual(['a', 'c/']);
  await rm(path, { recursive: true });
  expect(await folders.read(path)).toEqual([]);
});

test.concurrent('a folder whose link leads elsewhere now is another one', async () => {
  for (const name of ['one', 'two']) {
    await mkdir(join(folder, name));
    await writeFile(join(folder, name, `in-${name}`), '');
  }
  const link = join(folder, 'link');
  const folders = new SmallFolders(new QuickLooks());
  await symlink(join(folder, 'one'), link);
  await settle(join(folder, 'one'));
  expect(await folders.read(link)).toEqual(['in-one']);
  await rm(link);
  await symlink(join(folder, 'two'), link);
  expect(await folders.read(link)).toEqual(['in-two']);
});

test('deleting the last object of a folder leaves no empty folder behind, whoever writes there meanwhile', async () => {
  const root = join(folder, 'emptied');
  const store = await file.open(pathToFileURL(root).href);
  const body = new TextEncoder().encode('x');
  await store.put('a/b/c/d', body);
  await store.delete('a/b/c/d');
  expect((await readdir(root)).filter((name) => !name.startsWith('.'))).toEqual([]);
  await Promise.all(
    Array.from({ length: 40 }, async (_, index) => {
      const key = `busy/${index % 4}/${index}`;
      if (index % 2 === 0) expect(await store.create(key, body)).toBeDefined();
      else await store.put(key, body);
      if (index % 4 < 2) await store.delete(key);
    }),
  );
  const kept: string[] = [];
  for await (const key of listAll(store, 'busy/')) kept.push(key);
  expect(kept).toHaveLength(20);
});
