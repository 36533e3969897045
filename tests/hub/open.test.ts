import { inspectModel, openDataset, openModel } from '@hubfuse/hub';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { modelFiles, startTestHub, type TestHub } from './test-hub.ts';

let hub: TestHub;
let sha: string;
beforeAll(async () => {
  hub = await startTestHub({
    pageSize: 3,
    tokens: {
      hf_owner: { name: 'owner' },
      hf_tester: { name: 'tester' },
    },
  });
  sha = await hub.commit('owner/model', { ...modelFiles(), 'a/1.txt': '1', 'a/2.txt': '2', 'b/c/3.txt': '3' });
  await hub.commit('owner/private', modelFiles(1000), { private: true });
  await hub.commit('owner/gated', modelFiles(1000));
  await hub.commit('owner/disabled', modelFiles(1000));
  await hub.commit('owner/old-name', modelFiles(1000));
  await hub.commit('owner/data', { 'dev.jsonl': '{"text":"a"}\n' }, { type: 'dataset' });
  await hub.api('PUT', '/api/models/owner/gated/settings', { gated: 'manual' });
  await hub.api('PUT', '/api/models/owner/disabled/settings', { disabled: true });
  await hub.api('POST', '/api/repos/move', { fromRepo: 'owner/old-name', toRepo: 'owner/new-name', type: 'model' });
  await hub.api('POST', '/api/models/owner/model/tag/main', { tag: 'v1' });
});
afterAll(async () => await hub.close());

const open = async (repo: string, revision?: string, more = {}) =>
  await openModel({ kind: 'hub', repo, revision }, hub.options(more));

test('a branch, a tag and a short way of naming main are pinned to the same commit', async () => {
  for (const revision of [undefined, 'main', 'v1', sha]) {
    const source = await open('owner/model', revision);
    expect(source.revision).toBe(sha);
    expect(source.name).toBe('owner/model');
  }
});

test('every file of every page is listed with its size and checksum', async () => {
  const { files } = await open('owner/model');
  expect(files.map(({ path }) => path)).toEqual([
    '.gitattributes',
    'README.md',
    'a/1.txt',
    'a/2.txt',
    'b/c/3.txt',
    'config.json',
    'model.safetensors',
  ]);
  const weights = files.find(({ path }) => path === 'model.safetensors');
  expect(weights).toMatchObject({ size: 1_000_000, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
});

test('a header and the eight bytes before it are one request', async () => {
  const source = await open('owner/model');
  const before = hub.requests.length;
  const first = await source.read('model.safetensors', { start: 0, end: 8 });
  const next = await source.read('model.safetensors', { start: 8, end: 5000 });
  expect(hub.requests.length - before).toBe(1);
  const expected = modelFiles()['model.safetensors'] as Buffer;
  expect(Buffer.concat([first, next]).equals(expected.subarray(0, 5000))).toBe(true);
});

test('parts are read alike wherever they begin and end', async () => {
  const source = await open('owner/model');
  const expected = modelFiles()['model.safetensors'] as Buffer;
  for (const [start, end] of [
    [0, 0],
    [999_990, 1_000_000],
    [131_000, 131_200],
    [100, 400_000],
  ] as const) {
    const bytes = await source.read('model.safetensors', { start, end });
    expect(Buffer.from(bytes).equals(expected.subarray(start, end)), `${start}-${end}`).toBe(true);
  }
  expect(Buffer.from(await source.read('config.json')).toString()).toContain('bert');
});

test('a flipped byte in a file that is read whole is found', async () => {
  const source = await open('owner/model');
  hub.server.faults?.set([{ kind: 'flip', byte: 3, path: '/resolve/' }]);
  await expect(source.read('config.json')).rejects.toMatchObject({ code: 'hub/corrupt' });
  hub.server.faults?.set([]);
});

test('a renamed repository is followed, and that is said', async () => {
  const source = await open('owner/old-name');
  expect(source).toMatchObject({ name: 'owner/new-name', renamedFrom: 'owner/old-name' });
  expect(hub.events).toContainEqual({ type: 'renamed', from: 'owner/old-name', to: 'owner/new-name' });
  expect((await inspectModel(source)).config).toMatchObject({ model_type: 'bert' });
});

test.each([
  ['missing', 'owner/nothing', undefined, {}, 'hub/repo-not-found', /no model owner\/nothing/],
  [
    'private, without token',
    'owner/private',
    undefined,
    { token: undefined },
    'hub/no-token',
    /private or does not exist/,
  ],
  ['private, with another’s token', 'owner/private', undefined, {}, 'hub/repo-not-found', /may not see it/],
  [
    'gated, without token',
    'owner/gated',
    undefined,
    { token: undefined },
    'hub/gated',
    /there is no token[\s\S]*accept its terms/,
  ],
  [
    'gated, with another’s token',
    'owner/gated',
    undefined,
    {},
    'hub/gated',
    /has not been given access[\s\S]*accept its terms/,
  ],
  ['disabled', 'owner/disabled', undefined, {}, 'hub/disabled', /was disabled/],
  [
    'at a revision that is not there',
    'owner/model',
    'v2',
    {},
    'hub/revision-not-found',
    /no branch, tag or commit "v2"/,
  ],
  [
    'with a token that nobody knows',
    'owner/model',
    undefined,
    { token: 'hf_unknown' },
    'hub/bad-token',
    /does not accept the token/,
  ],
  ['with a token that is none', 'owner/model', undefined, { token: 'password' }, 'hub/bad-token', /begin with hf_/],
  ['a dataset', 'owner/data', undefined, {}, 'hub/not-a-model', /owner\/data is a dataset, not a model/],
] as const)('a repository that is %s has its own message', async (_name, repo, revision, more, code, message) => {
  const failure = open(repo, revision, more);
  await expect(failure).rejects.toMatchObject({ code });
  await expect(failure).rejects.toThrow(message);
});

test('an address that serves something else than a Hub is told from a missing model', async () => {
  const page: typeof fetch = async () =>
    new Response('<html>welcome</html>', { headers: { 'content-type': 'text/html' } });
  await expect(open('owner/model', undefined, { fetch: page })).rejects.toMatchObject({ code: 'hub/bad-answer' });
});

test('the owner may read what is private and gated', async () => {
  for (const repo of ['owner/private', 'owner/gated']) {
    expect((await open(repo, undefined, { token: 'hf_owner' })).name).toBe(repo);
  }
});

test('a dataset is opened like a model, and a model is none', async () => {
  const source = await openDataset({ kind: 'hub', repo: 'owner/data' }, hub.options());
  expect(Buffer.from(await source.read('dev.jsonl')).toString()).toBe('{"text":"a"}\n');
  await expect(openDataset({ kind: 'hub', repo: 'owner/model' }, hub.options())).rejects.toMatchObject({
    code: 'hub/not-a-dataset',
  });
});
