import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ObjectStore } from '@hubfuse/plugin';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { listAll } from './json.ts';
import { PUBLICATION_KEY, publishToStore, type StorePublication } from './publish-to-store.ts';
import memory from './stores/memory.ts';

const folders: string[] = [];
let store: ObjectStore;
let count = 0;
beforeEach(async () => {
  store = await memory.open(`memory:publish-${count++}`);
});
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))));

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

async function model(weights: string) {
  const folder = await mkdtemp(join(tmpdir(), 'hubfuse-publish-'));
  folders.push(folder);
  const contents = { 'model.safetensors': weights, 'config.json': '{}' };
  for (const [path, text] of Object.entries(contents)) await writeFile(join(folder, path), text);
  await writeFile(join(folder, 'README.md'), `card of ${weights}`);
  const files = Object.entries(contents).map(([path, text]) => ({ path, size: text.length, sha256: sha256(text) }));
  return { folder, files, title: 'a merge' };
}

const publish = (publication: Awaited<ReturnType<typeof model>>, attempt: string, into = store) =>
  publishToStore({
    store: into,
    publication,
    context: { attempt, signal: new AbortController().signal, progress: () => {} },
  });

/** The store with another way to write streams. */
function writingBy(write: ObjectStore['write']): ObjectStore {
  const { url } = store;
  return {
    ...{ url, write },
    get: (key) => store.get(key),
    read: (key, range) => store.read(key, range),
    create: (key, body) => store.create(key, body),
    replace: (key, body, etag) => store.replace(key, body, etag),
    put: (key, body) => store.put(key, body),
    list: (prefix, page) => store.list(prefix, page),
    delete: (key) => store.delete(key),
  };
}

async function manifest(): Promise<StorePublication> {
  return JSON.parse(new TextDecoder().decode((await store.get(PUBLICATION_KEY))?.body)) as StorePublication;
}

/** Everything that a manifest names is there with the bytes that it states. */
async function expectWhole(): Promise<void> {
  for (const { key, size, sha256: stated } of (await manifest()).files) {
    const body = (await store.get(key))?.body ?? new Uint8Array();
    expect([key, body.length, createHash('sha256').update(body).digest('hex')]).toEqual([key, size, stated]);
  }
}

test('the manifest names every file with its checksum, the card included, and all of them are there', async () => {
  const { already, version } = await publish(await model('first'), 'run-1');
  expect(already).toBe(false);
  const { files, earlier } = await manifest();
  expect(files.map(({ path }) => path)).toEqual(['model.safetensors', 'config.json', 'README.md']);
  expect(files[0]?.key).toBe(`versions/${version}/model.safetensors`);
  expect(earlier).toEqual([]);
  await expectWhole();
});

test('the same content is published once, and what an attempt published stays published after something newer', async () => {
  const first = await model('first');
  await publish(first, 'run-1');
  expect(await publish(first, 'run-2')).toMatchObject({ already: true });
  const { version } = await publish(await model('second'), 'run-3');
  expect(await publish(first, 'run-1')).toMatchObject({ already: true });
  expect((await manifest()).version).toBe(version);
  expect((await manifest()).earlier.map(({ attempt }) => attempt)).toEqual(['run-1']);
  await expectWhole();
});

test('until the last file is there readers find what was there before, and the next attempt goes on', async () => {
  await publish(await model('first'), 'run-1');
  const before = await manifest();
  const second = await model('second');
  let writes = 0;
  const breaking = writingBy(async (key, body) => {
    if (++writes === 2) throw new Error('the line is cut');
    await store.write(key, body);
  });
  await expect(publish(second, 'run-2', breaking)).rejects.toThrow('the line is cut');
  expect(await manifest()).toEqual(before);
  await expectWhole();
  const written: string[] = [];
  const counting = writingBy(async (key, body) => {
    written.push(key.split('/').at(-1) ?? '');
    await store.write(key, body);
  });
  await publish(second, 'run-2', counting);
  expect(written).toEqual(['config.json', 'README.md']);
  await expectWhole();
});

test('of publishers that race each is published, and one stands last', async () => {
  const models = await Promise.all(Array.from({ length: 6 }, (_, index) => model(`model ${index}`)));
  await Promise.all(models.map((each, index) => publish(each, `run-${index}`)));
  const { attempt, earlier } = await manifest();
  expect([attempt, ...earlier.map((one) => one.attempt)].sort()).toEqual(models.map((_, index) => `run-${index}`));
  await expectWhole();
});

test('a file that is no longer what was made is not published', async () => {
  const changed = await model('first');
  await writeFile(join(changed.folder, 'model.safetensors'), 'other');
  await expect(publish(changed, 'run-1')).rejects.toMatchObject({ code: 'store/file-changed' });
  const keys: string[] = [];
  for await (const key of listAll(store, '')) keys.push(key);
  expect(keys.filter((key) => !key.endsWith('config.json'))).toEqual([]);
});

test.each([
  ['no JSON', 'hello', 'store/not-ours'],
  ['of another program', '{"version": "7"}', 'store/not-ours'],
  ['of a newer format', '{"format": 2}', 'store/newer-format'],
])('a manifest that is %s is not written over', async (_name, text, code) => {
  await store.put(PUBLICATION_KEY, new TextEncoder().encode(text));
  await expect(publish(await model('first'), 'run-1')).rejects.toMatchObject({ code });
  expect(new TextDecoder().decode((await store.get(PUBLICATION_KEY))?.body)).toBe(text);
});
