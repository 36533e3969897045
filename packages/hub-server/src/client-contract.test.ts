import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  checkRepoAccess,
  commit,
  countCommits,
  createBranch,
  createRepo,
  deleteBranch,
  deleteFiles,
  deleteRepo,
  downloadFile,
  fileDownloadInfo,
  fileExists,
  listCommits,
  listFiles,
  listModels,
  modelInfo,
  parseSafetensorsMetadata,
  pathsInfo,
  repoExists,
  snapshotDownload,
  uploadFile,
  uploadFiles,
  whoAmI,
} from '@huggingface/hub';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type HubServer, startHubServer } from './server.ts';

const accessToken = 'hf_ana';
let folder: string;
let hub: HubServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hub-server-'));
  hub = await startHubServer({ folder: join(folder, 'hub'), pageSize: 3, partSize: 1000 });
});

afterAll(async () => {
  await hub.close();
  await rm(folder, { recursive: true, force: true });
});

/** Where and as whom every call of the client goes. */
const at = () => ({ hubUrl: hub.url, accessToken });

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

async function newRepo(name: string): Promise<string> {
  const repo = `ana/${name}`;
  await createRepo({ ...at(), repo });
  return repo;
}

const text = (content: string) => new Blob([content]);

function safetensors(values: readonly number[]): Blob {
  const header = JSON.stringify({ w: { dtype: 'F32', shape: [values.length], data_offsets: [0, values.length * 4] } });
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return new Blob([length, header, new Float32Array(values)]);
}

test('a token that nobody configured is an account on loopback', async () => {
  const me = await whoAmI({ hubUrl: hub.url, accessToken });
  expect(me).toMatchObject({ type: 'user', name: expect.stringMatching(/^user-/), orgs: [] });
});

test('a repository is created once, found, and gone after deletion', async () => {
  const repo = await newRepo('short-lived');
  expect(await repoExists({ ...at(), repo })).toBe(true);
  await expect(createRepo({ ...at(), repo })).rejects.toMatchObject({ statusCode: 409 });
  await deleteRepo({ ...at(), repo });
  expect(await repoExists({ ...at(), repo })).toBe(false);
});

test('files go up regular, basic and multipart, and come down as they were', async () => {
  const repo = await newRepo('uploads');
  const large = randomBytes(4567);
  const small = randomBytes(800);
  const local = join(folder, 'local');
  await mkdir(join(local, 'onnx'), { recursive: true });
  await writeFile(join(local, 'onnx', 'model.onnx'), large);
  await writeFile(join(local, 'config.json'), '{"model_type": "bert"}');
  await uploadFiles({
    ...at(),
    repo,
    files: [
      { path: 'README.md', content: text('# hello') },
      { path: 'pytorch_model.bin', content: new Blob([small]) },
      pathToFileURL(local),
    ],
  });
  const bytes = async (path: string) => {
    const blob = await downloadFile({ ...at(), repo, path });
    return blob === null ? null : Buffer.from(await blob.arrayBuffer());
  };
  expect((await bytes('README.md'))?.toString()).toBe('# hello');
  expect(await bytes('pytorch_model.bin')).toEqual(small);
  const listed = await all(listFiles({ ...at(), repo, recursive: true }));
  const uploaded = listed.find((entry) => entry.path.endsWith('model.onnx'));
  expect(uploaded?.lfs?.size).toBe(large.length);
  expect(await bytes(uploaded?.path ?? '')).toEqual(large);
  expect(await bytes('absent.json')).toBeNull();
});

test('a recursive listing is paged and names files, folders and what LFS holds', async () => {
  const repo = await newRepo('listing');
  const files = Array.from({ length: 8 }, (_, i) => ({ path: `data/part-${i}.txt`, content: text(String(i)) }));
  await uploadFiles({ ...at(), repo, files: [...files, { path: 'w.safetensors', content: safetensors([1, 2]) }] });
  const entries = await all(listFiles({ ...at(), repo, recursive: true, expand: true }));
  expect(entries.map((entry) => entry.path)).toEqual([
    '.gitattributes',
    'data',
    ...files.map((file) => file.path),
    'w.safetensors',
  ]);
  expect(entries.every((entry) => entry.lastCommit?.id.length === 40)).toBe(true);
  expect(entries.find((entry) => entry.path === 'data')?.type).toBe('directory');
  const inFolder = await all(listFiles({ ...at(), repo, path: 'data' }));
  expect(inFolder.length).toBe(8);
  await expect(all(listFiles({ ...at(), repo, path: 'nowhere' }))).rejects.toMatchObject({ statusCode: 404 });
  const [info, ...others] = await pathsInfo({ ...at(), repo, paths: ['w.safetensors', 'absent'], expand: true });
  expect(others).toEqual([]);
  expect(info?.lfs?.oid).toMatch(/^[0-9a-f]{64}$/);
});

test('history is paged, counted, and a commit id stays readable when the branch moves on', async () => {
  const repo = await newRepo('history');
  for (const version of ['1', '2', '3', '4']) {
    await uploadFile({ ...at(), repo, file: { path: 'v.txt', content: text(version) }, commitTitle: `v${version}` });
  }
  const commits = await all(listCommits({ ...at(), repo, batchSize: 2 }));
  expect(commits.map((entry) => entry.title)).toEqual(['v4', 'v3', 'v2', 'v1', 'initial commit']);
  expect(await countCommits({ ...at(), repo, revision: 'main' })).toBe(5);
  const old = await downloadFile({ ...at(), repo, path: 'v.txt', revision: commits[2]?.oid ?? '' });
  expect(await old?.text()).toBe('2');
});

test('a commit on a stale parent is refused with 412 and changes nothing', async () => {
  const repo = await newRepo('stale');
  const [first] = await all(listCommits({ ...at(), repo }));
  await uploadFile({ ...at(), repo, file: { path: 'a', content: text('mine') } });
  const late = commit({
    ...at(),
    repo,
    title: 'late',
    parentCommit: first?.oid ?? '',
    operations: [{ operation: 'addOrUpdate', path: 'a', content: text('theirs') }],
  });
  await expect(late).rejects.toMatchObject({ statusCode: 412 });
  expect(await (await downloadFile({ ...at(), repo, path: 'a' }))?.text()).toBe('mine');
});

test('a branch starts where it is told, is written apart from main, and is deleted', async () => {
  const repo = await newRepo('branches');
  await createBranch({ ...at(), repo, branch: 'try/one' });
  await expect(createBranch({ ...at(), repo, branch: 'try/one' })).rejects.toMatchObject({ statusCode: 409 });
  await uploadFile({ ...at(), repo, branch: 'try/one', file: { path: 'x', content: text('x') } });
  expect(await fileExists({ ...at(), repo, path: 'x', revision: 'try/one' })).toBe(true);
  expect(await fileExists({ ...at(), repo, path: 'x' })).toBe(false);
  const onBranch = await all(listFiles({ ...at(), repo, revision: 'try/one' }));
  expect(onBranch.map((entry) => entry.path)).toEqual(['.gitattributes', 'x']);
  await deleteBranch({ ...at(), repo, branch: 'try/one' });
  await expect(all(listFiles({ ...at(), repo, revision: 'try/one' }))).rejects.toMatchObject({ statusCode: 404 });
});

test('a pull request lies on its own ref, takes further commits and leaves main alone', async () => {
  const repo = await newRepo('pulls');
  const add = (path: string) => ({ operation: 'addOrUpdate' as const, path, content: safetensors([3]) });
  const opened = await commit({
    ...at(),
    accessToken: 'hf_stranger',
    repo,
    title: 'Better weights',
    isPullRequest: true,
    operations: [add('w.safetensors')],
  });
  expect(opened?.pullRequestUrl).toBe(`${hub.url}/${repo}/discussions/1`);
  await commit({ ...at(), repo, title: 'More', branch: 'refs/pr/1', operations: [add('v.safetensors')] });
  const proposed = await all(listFiles({ ...at(), repo, revision: 'refs/pr/1' }));
  expect(proposed.map((entry) => entry.path)).toEqual(['.gitattributes', 'v.safetensors', 'w.safetensors']);
  expect((await all(listFiles({ ...at(), repo }))).length).toBe(1);
});

test('files are deleted by a commit', async () => {
  const repo = await newRepo('deletions');
  await uploadFile({ ...at(), repo, file: { path: 'old.txt', content: text('x') } });
  await deleteFiles({ ...at(), repo, paths: ['old.txt'] });
  expect(await fileExists({ ...at(), repo, path: 'old.txt' })).toBe(false);
});

test('weights are read by range: header and a slice, without the rest', async () => {
  const repo = await newRepo('ranges');
  const blob = safetensors([1, 2, 3, 4]);
  await uploadFile({ ...at(), repo, file: { path: 'model.safetensors', content: blob } });
  const info = await fileDownloadInfo({ ...at(), repo, path: 'model.safetensors' });
  expect(info?.size).toBe(blob.size);
  const parsed = await parseSafetensorsMetadata({ ...at(), repo });
  expect(parsed.sharded === false && parsed.header.w).toMatchObject({ dtype: 'F32', shape: [4] });
  const lazy = await downloadFile({ ...at(), repo, path: 'model.safetensors' });
  const tail = await lazy?.slice(blob.size - 4, blob.size).arrayBuffer();
  expect([...new Float32Array(tail ?? new ArrayBuffer(0))]).toEqual([4]);
});

test('the card and the weights show in the information on a model, and listings are paged', async () => {
  const card = '---\nlicense: mit\npipeline_tag: text-classification\nbase_model: a/b\ntags: [merge]\n---\n# x\n';
  for (const name of ['listed-1', 'listed-2', 'listed-3', 'listed-4']) {
    const repo = await newRepo(name);
    await uploadFiles({
      ...at(),
      repo,
      files: [
        { path: 'README.md', content: text(card) },
        { path: 'model.safetensors', content: safetensors([1, 2, 3]) },
      ],
    });
  }
  const info = await modelInfo({
    ...at(),
    name: 'ana/listed-1',
    additionalFields: ['cardData', 'tags', 'sha', 'safetensors', 'filePaths'],
  });
  expect(info).toMatchObject({
    name: 'ana/listed-1',
    task: 'text-classification',
    private: false,
    gated: false,
    cardData: { license: 'mit' },
    safetensors: { parameters: { F32: 3 }, total: 3 },
    filePaths: ['.gitattributes', 'README.md', 'model.safetensors'],
  });
  expect(info.tags).toEqual(expect.arrayContaining(['merge', 'license:mit', 'base_model:a/b', 'safetensors']));
  const found = await all(listModels({ ...at(), search: { query: 'listed', tags: ['merge'] } }));
  expect(found.map((model) => model.name)).toEqual(['ana/listed-1', 'ana/listed-2', 'ana/listed-3', 'ana/listed-4']);
});

test('a private repository is there for who may read it, and for nobody else', async () => {
  const repo = 'ana/hidden';
  await createRepo({ ...at(), repo, visibility: 'private' });
  await expect(checkRepoAccess({ ...at(), repo })).resolves.toBeUndefined();
  expect(await repoExists({ hubUrl: hub.url, repo })).toBe(false);
  const listed = await all(listModels({ hubUrl: hub.url, search: { query: 'hidden' } }));
  expect(listed).toEqual([]);
});

test('a data set is a repository of its own type under the same name', async () => {
  await newRepo('twin');
  const repo = { type: 'dataset', name: 'ana/twin' } as const;
  await createRepo({ ...at(), repo });
  await uploadFile({ ...at(), repo, file: { path: 'data/a.jsonl', content: text('{}\n') } });
  expect(await (await downloadFile({ ...at(), repo, path: 'data/a.jsonl' }))?.text()).toBe('{}\n');
  expect(await fileExists({ ...at(), repo: 'ana/twin', path: 'data/a.jsonl' })).toBe(false);
});

test('a snapshot download brings every file into the cache', async () => {
  const repo = await newRepo('snapshot');
  const files = ['config.json', 'onnx/a.txt'].map((path) => ({ path, content: text(path) }));
  await uploadFiles({ ...at(), repo, files });
  const path = await snapshotDownload({ ...at(), repo, cacheDir: join(folder, 'cache') });
  for (const file of files) expect(await readFile(join(path, file.path), 'utf8')).toBe(file.path);
});
