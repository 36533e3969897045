import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { copyStore } from './copy-store.ts';
import { listAll } from './json.ts';
import file from './stores/file.ts';
import memory from './stores/memory.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hubfuse-copy-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('every object of a store arrives in another one, and doing it again changes nothing', async () => {
  const from = await file.open(pathToFileURL(join(folder, 'from')).href);
  const to = await memory.open('memory:copied');
  const keys = Array.from({ length: 30 }, (_, index) => `runs/${index % 3}/events/${index}.json`);
  for (const key of keys) await from.put(key, new TextEncoder().encode(`body of ${key}`));
  await to.put('runs/0/events/0.json', new TextEncoder().encode('half of an earlier copy'));
  const seen: number[] = [];
  const copied = await copyStore({ from, to, onProgress: ({ objects }) => seen.push(objects) });
  expect(copied.objects).toBe(30);
  expect(seen).toEqual(keys.map((_, index) => index + 1));
  for (const key of keys) expect((await to.get(key))?.body).toEqual(new TextEncoder().encode(`body of ${key}`));
  expect(await copyStore({ from, to })).toEqual(copied);
  const there: string[] = [];
  for await (const key of listAll(to, '')) there.push(key);
  expect(there).toEqual([...keys].sort());
});
