import { spawnSync } from 'node:child_process';
import { mkdir, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fetchModel, openDataset, openModel } from '@hubfuse/hub';
import type { ModelSource } from '@hubfuse/plugin';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { filesBelow, modelFiles, noise, sha256, startTestHub, type TestHub } from './test-hub.ts';

const WEIGHTS = 3_000_000;
const files = modelFiles(WEIGHTS);
const weights = files['model.safetensors'] as Buffer;

let hub: TestHub;
let sha: string;
beforeEach(async () => {
  hub = await startTestHub();
  sha = await hub.commit('ns/model', files);
});
afterEach(async () => await hub.close());

const open = async () => await openModel({ kind: 'hub', repo: 'ns/model' }, hub.options());
const repoFolder = () => join(hub.root, 'cache', 'models--ns--model');
const fetched = async (source: ModelSource, more = {}) => await fetchModel(source, { ...hub.options(), ...more });
const states = (path: string) =>
  hub.events.flatMap((event) => (event.type === 'download' && event.path === path ? [event.state] : []));
/** No partial download and no lock is left. */
const isTidy = async () => (await filesBelow(join(repoFolder(), '.hubfuse'))).length === 0;

test('the cache looks as Python leaves it: blobs by checksum, relative links, the branch noted', async () => {
  const folder = await fetched(await open());
  expect(folder).toBe(join(repoFolder(), 'snapshots', sha));
  expect(await readFile(join(repoFolder(), 'refs', 'main'), 'utf8')).toBe(sha);
  expect(await readlink(join(folder, 'model.safetensors'))).toBe(join('..', '..', 'blobs', sha256(weights)));
  for (const [path, content] of Object.entries(files)) {
    expect((await readFile(join(folder, path))).equals(Buffer.from(content)), path).toBe(true);
  }
  expect(await isTidy()).toBe(true);
});

test('what is there is used: a second fetch asks for no file', async () => {
  const source = await open();
  await fetched(source);
  const before = hub.requests.length;
  await fetched(source);
  expect(hub.requests.length).toBe(before);
  expect(states('model.safetensors').at(-1)).toBe('cached');
});

test('a blob that another program downloaded is used, one of the wrong size is fetched anew', async () => {
  await mkdir(join(repoFolder(), 'blobs'), { recursive: true });
  const blob = join(repoFolder(), 'blobs', sha256(weights));
  await writeFile(blob, weights);
  const folder = await fetched(await open());
  expect(states('model.safetensors')).toEqual(['cached']);
  expect((await readFile(join(folder, 'model.safetensors'))).equals(weights)).toBe(true);

  await writeFile(blob, weights.subarray(5));
  await fetched(await open());
  expect((await readFile(blob)).equals(weights)).toBe(true);
});

test('what a process left that was killed behind its last byte is tidied up by the next fetch', async () => {
  await fetched(await open());
  const left = join(repoFolder(), '.hubfuse');
  const name = sha256(weights);
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  await mkdir(join(left, 'locks'), { recursive: true });
  await writeFile(join(left, 'locks', `${name}.lock`), JSON.stringify({ host: hostname(), pid, id: 'dead' }));
  await mkdir(join(left, 'downloads', `${name}.earlier`), { recursive: true });
  await writeFile(join(left, 'downloads', `${name}.earlier`, 'journal'), `${weights.length}\n`);
  expect(await isTidy()).toBe(false);
  await fetched(await open());
  expect(states('model.safetensors').at(-1)).toBe('cached');
  expect(await isTidy()).toBe(true);
});

test('contents that two revisions share are downloaded once', async () => {
  await fetched(await open());
  const next = await hub.commit('ns/model', { ...files, 'config.json': '{}' });
  const folder = await fetched(await open());
  expect(folder).toBe(join(repoFolder(), 'snapshots', next));
  expect(states('model.safetensors').at(-1)).toBe('cached');
  expect(await readFile(join(folder, 'config.json'), 'utf8')).toBe('{}');
  expect(await readFile(join(repoFolder(), 'snapshots', sha, 'config.json'), 'utf8')).toContain('bert');
});

test('a choice of files is kept, and a file that is not there is named', async () => {
  const source = await open();
  const folder = await fetched(source, { files: ['config.json'] });
  expect(await filesBelow(join(repoFolder(), 'blobs'))).toHaveLength(1);
  await expect(stat(join(folder, 'model.safetensors'))).rejects.toThrow();
  await expect(fetched(source, { files: ['model.safetensor'] })).rejects.toThrow(/did you mean model.safetensors/);
});

test('datasets have their own folders', async () => {
  await hub.commit('ns/data', { 'home/dev.jsonl': '{}\n' }, { type: 'dataset' });
  const source = await openDataset({ kind: 'hub', repo: 'ns/data' }, hub.options());
  const folder = await fetched(source);
  expect(folder).toContain('datasets--ns--data');
  expect(await readFile(join(folder, 'home', 'dev.jsonl'), 'utf8')).toBe('{}\n');
});

test('429, 5xx and cut bodies are got over', async () => {
  const source = await open();
  hub.server.faults?.set([
    { kind: 'status', status: 429, retryAfterSeconds: 0, path: 'model.safetensors' },
    { kind: 'status', status: 503, path: 'model.safetensors', times: 2 },
    { kind: 'cut', afterBytes: 100_000, path: 'model.safetensors', skip: 2, times: 4 },
  ]);
  const folder = await fetched(source);
  expect((await readFile(join(folder, 'model.safetensors'))).equals(weights)).toBe(true);
  const reasons = hub.events.flatMap((event) => (event.type === 'retry' ? [event.reason] : []));
  expect(reasons).toContain('429');
  expect(reasons).toContain('503');
  expect(reasons.length).toBeGreaterThanOrEqual(7);
});

test('a server that always fails ends in an error, and what came before is kept for the next attempt', async () => {
  const source = await open();
  hub.server.faults?.set([{ kind: 'status', status: 500, path: 'model.safetensors', skip: 6, times: 1e9 }]);
  await expect(fetched(source, { connections: 1 })).rejects.toMatchObject({ code: 'hub/unavailable' });
  expect(await filesBelow(join(repoFolder(), 'snapshots', sha))).not.toContain('model.safetensors');
  hub.server.faults?.set([]);
  hub.events.length = 0;
  await fetched(source);
  expect(states('model.safetensors')[0]).toBe('resumed');
});

test('a flipped byte is found and fetched again', async () => {
  const source = await open();
  hub.server.faults?.set([{ kind: 'flip', byte: 70_000, path: 'model.safetensors', skip: 3 }]);
  const folder = await fetched(source);
  expect((await readFile(join(folder, 'model.safetensors'))).equals(weights)).toBe(true);
  expect(states('model.safetensors').filter((state) => state === 'started')).toHaveLength(2);
});

test('bytes that stay wrong never get the final name', async () => {
  const source = await open();
  hub.server.faults?.set([{ kind: 'flip', byte: 0, path: 'resolve/[^/]*/(model|config)', times: 1e9 }]);
  await expect(fetched(source)).rejects.toThrow(/what arrived is not the file: its checksum is/);
  expect(await filesBelow(join(repoFolder(), 'blobs'))).not.toContain(join(repoFolder(), 'blobs', sha256(weights)));
  expect(await isTidy()).toBe(true);
});

test('too little disk is said before anything is transferred', async () => {
  const source = await open();
  const huge = { ...source, files: [{ path: 'model.safetensors', size: 1e17, sha256: sha256('') }] };
  const before = hub.requests.length;
  await expect(fetched(huge)).rejects.toMatchObject({ code: 'hub/disk-full', name: 'ResourceError' });
  expect(hub.requests.length).toBe(before);
});

test('an abort ends with its own reason and leaves nothing half-written under a final name', async () => {
  const source = await open();
  const controller = new AbortController();
  const onProgress = (event: { type: string; state?: string }) => {
    if (event.state === 'receiving') controller.abort(new Error('changed my mind'));
  };
  await expect(fetched(source, { signal: controller.signal, onProgress })).rejects.toThrow('changed my mind');
  await expect(stat(join(repoFolder(), 'blobs', sha256(weights)))).rejects.toThrow();
  const folder = await fetched(source);
  expect((await readFile(join(folder, 'model.safetensors'))).equals(weights)).toBe(true);
});

test('empty files and files in folders arrive like others', async () => {
  const odd = { 'empty.txt': '', 'empty.safetensors': '', 'a b/ü#?.bin': noise(10) };
  await hub.commit('ns/odd', odd);
  const source = await openModel({ kind: 'hub', repo: 'ns/odd' }, hub.options());
  const folder = await fetched(source);
  for (const [path, content] of Object.entries(odd)) {
    expect((await readFile(join(folder, path))).equals(Buffer.from(content)), path).toBe(true);
  }
});

test('offline, a fetched revision is opened by its branch and read from the cache alone', async () => {
  await fetched(await open());
  await hub.server.close();
  const offline = hub.options({ offline: true });
  const source = await openModel({ kind: 'hub', repo: 'ns/model', revision: 'main' }, offline);
  expect(source).toMatchObject({ revision: sha, name: 'ns/model' });
  expect(Buffer.from(await source.read('model.safetensors', { start: 5, end: 9 })).equals(weights.subarray(5, 9))).toBe(
    true,
  );
  expect(await fetchModel(source, offline)).toBe(join(repoFolder(), 'snapshots', sha));
  await rm(join(repoFolder(), 'snapshots'), { recursive: true });
  await expect(openModel({ kind: 'hub', repo: 'ns/model' }, offline)).rejects.toMatchObject({ code: 'hub/offline' });
});

test('two fetches of one blob in one process download it once', async () => {
  const source = await open();
  const [first, second] = await Promise.all([fetched(source), fetched(source)]);
  expect(first).toBe(second);
  expect(states('model.safetensors').filter((state) => state === 'started')).toHaveLength(1);
  expect(await isTidy()).toBe(true);
});

test('no event of a download holds the token', async () => {
  hub.server.faults?.set([{ kind: 'status', status: 503, path: 'config.json' }]);
  await fetched(await open());
  expect(JSON.stringify(hub.events)).not.toContain('hf_tester');
});
