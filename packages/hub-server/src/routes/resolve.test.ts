import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRepo, uploadFiles } from '@huggingface/hub';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type HubServer, startHubServer } from '../server.ts';

const repo = 'ana/model';
const accessToken = 'hf_ana';
const weights = Buffer.from(Array.from({ length: 1000 }, (_, i) => i % 256));
const sha256 = createHash('sha256').update(weights).digest('hex');
let folder: string;
let hub: HubServer;
let commitOid: string | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hub-resolve-'));
  hub = await startHubServer({ folder });
  const at = { hubUrl: hub.url, accessToken, repo };
  await createRepo(at);
  const done = await uploadFiles({
    ...at,
    files: [
      { path: 'w.bin', content: new Blob([weights]) },
      { path: 'config.json', content: new Blob(['{}']) },
      { path: 'empty.txt', content: new Blob([]) },
      { path: 'ordner/ä b%.txt', content: new Blob(['umlaut']) },
    ],
  });
  commitOid = done?.commit.oid;
});

afterAll(async () => {
  await hub.close();
  await rm(folder, { recursive: true, force: true });
});

function get(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Response> {
  return fetch(`${hub.url}/${repo}/${path}`, { method, headers });
}

async function bytes(response: Response): Promise<Buffer> {
  return Buffer.from(await response.arrayBuffer());
}

test('a large file has its SHA-256 as etag, its size, and the commit that it was read at', async () => {
  for (const method of ['GET', 'HEAD']) {
    const { status, headers } = await get('resolve/main/w.bin', {}, method);
    expect(status).toBe(200);
    expect(Object.fromEntries(headers)).toMatchObject({
      etag: `"${sha256}"`,
      'x-linked-etag': `"${sha256}"`,
      'x-linked-size': '1000',
      'x-repo-commit': commitOid,
      'accept-ranges': 'bytes',
      'content-length': '1000',
    });
  }
});

test('a small file has the id that git gives it as etag', async () => {
  const { headers } = await get('resolve/main/config.json');
  expect(headers.get('etag')).toBe(`"${createHash('sha1').update('blob 2\0{}').digest('hex')}"`);
  expect(headers.get('x-linked-size')).toBeNull();
  expect(headers.get('content-type')).toBe('application/json');
});

test.each([
  ['bytes=0-0', 0, 1],
  ['bytes=10-19', 10, 20],
  ['bytes=990-', 990, 1000],
  ['bytes=-5', 995, 1000],
  ['bytes=500-99999', 500, 1000],
])('the range %s is answered with 206 and exactly its bytes', async (range, start, end) => {
  const response = await get('resolve/main/w.bin', { range });
  expect(response.status).toBe(206);
  expect(response.headers.get('content-range')).toBe(`bytes ${start}-${end - 1}/1000`);
  expect(await bytes(response)).toEqual(weights.subarray(start, end));
});

test('a range beyond the end, and any range of an empty file, is 416 with the size', async () => {
  const beyond = await get('resolve/main/w.bin', { range: 'bytes=1000-' });
  expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, 'bytes */1000']);
  const empty = await get('resolve/main/empty.txt', { range: 'bytes=0-0' });
  expect([empty.status, empty.headers.get('content-range')]).toEqual([416, 'bytes */0']);
  expect((await get('resolve/main/empty.txt')).status).toBe(200);
});

test.each(['bytes=5-2', 'bytes=a-b', 'bytes=0-1,4-5', 'lines=1-2'])('the range %s is ignored', async (range) => {
  const response = await get('resolve/main/w.bin', { range });
  expect(response.status).toBe(200);
  expect(await bytes(response)).toEqual(weights);
});

test('a resumed download of a file that changed gets the whole of the new one', async () => {
  const same = await get('resolve/main/w.bin', { range: 'bytes=10-', 'if-range': `"${sha256}"` });
  expect(same.status).toBe(206);
  await same.body?.cancel();
  const changed = await get('resolve/main/w.bin', { range: 'bytes=10-', 'if-range': '"other"' });
  expect(changed.status).toBe(200);
  await changed.body?.cancel();
  expect((await get('resolve/main/w.bin', { 'if-none-match': `"${sha256}"` })).status).toBe(304);
});

test('raw shows the pointer of a large file as git keeps it', async () => {
  const text = await (await get('raw/main/w.bin')).text();
  expect(text).toBe(`version https://git-lfs.github.com/spec/v1\noid sha256:${sha256}\nsize 1000\n`);
  expect(await (await get('raw/main/config.json')).text()).toBe('{}');
});

test('a path with letters that an address must encode is found', async () => {
  const path = ['ordner', 'ä b%.txt'].map(encodeURIComponent).join('/');
  expect(await (await get(`resolve/main/${path}`)).text()).toBe('umlaut');
});

test('many readers of one file at once each get all of it', async () => {
  const all = await Promise.all(Array.from({ length: 20 }, async () => bytes(await get('resolve/main/w.bin'))));
  expect(all.every((body) => body.equals(weights))).toBe(true);
});
