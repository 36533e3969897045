import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRepo, uploadFile } from '@huggingface/hub';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type HubServer, startHubServer } from '../server.ts';

const repo = 'ana/model';
const accessToken = 'hf_ana';
let folder: string;
let hub: HubServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hub-lfs-'));
  hub = await startHubServer({ folder, partSize: 10 });
  await createRepo({ hubUrl: hub.url, accessToken, repo });
});

afterAll(async () => {
  await hub.close();
  await rm(folder, { recursive: true, force: true });
});

const sha256 = (content: string) => createHash('sha256').update(content).digest('hex');

interface Batch {
  transfer: string;
  objects: { oid: string; actions?: { upload: { href: string; header: Record<string, string> } } }[];
}

async function batch(content: string, transfers = ['basic', 'multipart']): Promise<Batch> {
  const response = await fetch(`${hub.url}/${repo}.git/info/lfs/objects/batch`, {
    method: 'POST',
    headers: { authorization: `Bearer ${accessToken}` },
    body: JSON.stringify({
      operation: 'upload',
      transfers,
      objects: [{ oid: sha256(content), size: content.length }],
    }),
  });
  expect(response.headers.get('content-type')).toMatch(/^application\/vnd\.git-lfs\+json/);
  return response.json() as Promise<Batch>;
}

async function uploadOf(content: string, transfers?: string[]) {
  const [object] = (await batch(content, transfers)).objects;
  if (object?.actions === undefined) throw new Error('nothing to upload');
  return object.actions.upload;
}

const put = (url: string, body: string) => fetch(url, { method: 'PUT', body });

test('content that is not what was announced is refused and not kept', async () => {
  const { href } = await uploadOf('right');
  for (const wrong of ['wrong', 'right and more', 'righ']) {
    expect((await put(href, wrong)).status).toBe(400);
  }
  expect(await uploadOf('right')).toBeDefined();
  expect((await put(href, 'right')).status).toBe(200);
  expect((await batch('right')).objects).toEqual([{ oid: sha256('right'), size: 5 }]);
  expect(await readdir(join(folder, '.hub', 'temporary'))).toEqual([]);
});

test('an upload address that was changed or made up is refused', async () => {
  const { href } = await uploadOf('signed');
  const other = href.replace(sha256('signed'), sha256('others'));
  expect((await put(other, 'others')).status).toBe(403);
  expect((await put(href.replace(/size=\d+/, 'size=99'), 'signed')).status).toBe(403);
  expect((await put(href.replace(/expires=\d+/, 'expires=1'), 'signed')).status).toBe(403);
  expect((await put(href.split('?')[0] ?? '', 'signed')).status).toBe(403);
});

test('parts may come in any order and again, and only all of them make the file', async () => {
  const content = 'abcdefghijklmnopqrstuvwxy';
  const { href, header } = await uploadOf(content);
  expect(header.chunk_size).toBe('10');
  const parts = ['00003', '00001', '00002'];
  const etags = new Map<number, string>();
  const complete = () =>
    fetch(href, {
      method: 'POST',
      body: JSON.stringify({
        oid: sha256(content),
        parts: [...etags].map(([partNumber, etag]) => ({ partNumber, etag })),
      }),
    });
  expect((await put(header['00002'] ?? '', 'too short')).status).toBe(400);
  for (const part of parts) {
    expect((await complete()).status).toBe(400);
    const number = Number(part);
    const slice = content.slice((number - 1) * 10, number * 10);
    await put(header[part] ?? '', slice.toUpperCase());
    etags.set(number, (await put(header[part] ?? '', slice)).headers.get('etag') ?? '');
  }
  expect((await complete()).status).toBe(200);
  expect((await batch(content)).objects[0]?.actions).toBeUndefined();
});

test('wrong content in parts is found when the parts are put together', async () => {
  const content = 'twelve bytes';
  const { href, header } = await uploadOf(content);
  const parts: { partNumber: number; etag: string | null }[] = [];
  for (const [part, text] of [
    ['00001', 'TWELVE BYT'],
    ['00002', 'es'],
  ] as const) {
    const response = await put(header[part] ?? '', text);
    parts.push({ partNumber: Number(part), etag: response.headers.get('etag') });
  }
  const completed = await fetch(href, { method: 'POST', body: JSON.stringify({ oid: sha256(content), parts }) });
  expect(completed.status).toBe(400);
  expect((await batch(content)).objects[0]?.actions).toBeDefined();
});

test('a client that knows no multipart gets one address whatever the size', async () => {
  const upload = await uploadOf('a file of more than ten bytes', ['basic']);
  expect(upload.header).toEqual({});
  expect((await put(upload.href, 'a file of more than ten bytes')).status).toBe(200);
});

test.each([
  [{ operation: 'download', objects: [] }],
  [{ operation: 'upload', objects: [{ oid: '../../x', size: 1 }] }],
  [{ operation: 'upload', objects: [{ oid: sha256('x'), size: -1 }] }],
  [{ operation: 'upload', objects: 7 }],
])('the batch %j is refused', async (body) => {
  const response = await fetch(`${hub.url}/${repo}.git/info/lfs/objects/batch`, {
    method: 'POST',
    headers: { authorization: `Bearer ${accessToken}` },
    body: JSON.stringify(body),
  });
  expect(response.status).toBe(400);
});

const header = { key: 'header', value: { summary: 'A commit' } };

test.each([
  ['no JSON', ['{'], 'a line of the commit is not JSON'],
  ['no header', [JSON.stringify({ key: 'file', value: {} })], 'the first line of a commit must be its header'],
  ['no summary', [JSON.stringify({ key: 'header', value: {} })], 'a commit needs a summary'],
  [
    'an unknown operation',
    [JSON.stringify(header), JSON.stringify({ key: 'dance', value: { path: 'x' } })],
    'a commit cannot hold "dance"',
  ],
  [
    'a large file that was not uploaded',
    [JSON.stringify(header), JSON.stringify({ key: 'lfsFile', value: { path: 'x', oid: sha256('never') } })],
    `"x" points to an LFS object that was not uploaded: ${sha256('never')}`,
  ],
  [
    'a file that is not there to delete',
    [JSON.stringify(header), JSON.stringify({ key: 'deletedFile', value: { path: 'absent' } })],
    'there is no file "absent" to delete',
  ],
  [
    'a file where a folder is',
    [
      JSON.stringify(header),
      ...['a', 'a/b'].map((path) => JSON.stringify({ key: 'file', value: { path, content: '', encoding: 'base64' } })),
    ],
    '"a" would be a file and a folder',
  ],
])('a commit with %s is refused and changes nothing', async (_what, lines, error) => {
  const before = await (await fetch(`${hub.url}/api/models/${repo}`)).json();
  const response = await fetch(`${hub.url}/api/models/${repo}/commit/main`, {
    method: 'POST',
    headers: { authorization: `Bearer ${accessToken}` },
    body: lines.join('\n'),
  });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ error });
  expect(await (await fetch(`${hub.url}/api/models/${repo}`)).json()).toEqual(before);
});

test('files above 10 MB go through LFS whatever they are called, smaller ones by their ending', async () => {
  const files = [
    { path: 'a.txt', size: 10_000_000 },
    { path: 'b.txt', size: 10_000_001 },
    { path: 'c.onnx', size: 1 },
    { path: 'd/e.safetensors', size: 1 },
    { path: 'f.bin', size: 1 },
    { path: 'g.jsonl', size: 1 },
  ];
  const response = await fetch(`${hub.url}/api/models/${repo}/preupload/main`, {
    method: 'POST',
    headers: { authorization: `Bearer ${accessToken}` },
    body: JSON.stringify({ files }),
  });
  const reply = (await response.json()) as { files: { uploadMode: string }[] };
  expect(reply.files.map((file) => file.uploadMode)).toEqual(['regular', 'lfs', 'lfs', 'lfs', 'lfs', 'regular']);
});

test('a commit that lists no change is still a commit', async () => {
  await uploadFile({ hubUrl: hub.url, accessToken, repo, file: { path: 'same', content: new Blob(['same']) } });
  await uploadFile({
    hubUrl: hub.url,
    accessToken,
    repo,
    file: { path: 'same', content: new Blob(['same']) },
    commitTitle: 'Nothing new',
  });
  const commits = await fetch(`${hub.url}/api/models/${repo}/commits/main`);
  expect(await commits.json()).toMatchObject([{ title: 'Nothing new' }, {}, { title: 'initial commit' }]);
});

test('a file that its name sends to LFS is there too where its content came within the commit', async () => {
  const content = Buffer.from('weights');
  const commit = (line: object) =>
    fetch(`${hub.url}/api/models/${repo}/commit/main`, {
      method: 'POST',
      headers: { authorization: `Bearer ${accessToken}` },
      body: [header, line].map((part) => JSON.stringify(part)).join('\n'),
    });
  const value = { path: 'within.safetensors', content: content.toString('base64'), encoding: 'base64' };
  expect((await commit({ key: 'file', value })).status).toBe(200);
  const tree = (await (await fetch(`${hub.url}/api/models/${repo}/tree/main`)).json()) as { path: string }[];
  expect(tree.find(({ path }) => path === 'within.safetensors')).toMatchObject({
    size: content.length,
    lfs: { oid: sha256('weights'), size: content.length },
  });
  const copy = { path: 'copy.safetensors', algo: 'sha256', oid: sha256('weights'), size: content.length };
  expect((await commit({ key: 'lfsFile', value: copy })).status).toBe(200);
});
