import { mkdtemp, rm } from 'node:fs/promises';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRepo, listCommits, uploadFile } from '@huggingface/hub';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type HubServer, startHubServer } from '../server.ts';
import type { Fault } from './fault.ts';

const accessToken = 'hf_ana';
const repo = 'ana/model';
const content = Buffer.from(Array.from({ length: 5000 }, (_, i) => i % 251));
let folder: string;
let hub: HubServer;
let file: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hub-faults-'));
  hub = await startHubServer({ folder, faults: [], graceMs: 100 });
  const at = { hubUrl: hub.url, accessToken, repo };
  await createRepo(at);
  await uploadFile({ ...at, file: { path: 'w.bin', content: new Blob([content]) } });
  file = `${hub.url}/${repo}/resolve/main/w.bin`;
});

afterEach(() => hub.faults?.set([]));

afterAll(async () => {
  await hub.close();
  await rm(folder, { recursive: true, force: true });
});

async function bytesOf(response: Response): Promise<Buffer> {
  return Buffer.from(await response.arrayBuffer());
}

/** What comes over the line until it ends; fetch drops what it has when a body is cut. */
function receive(url: string): Promise<{ length: string | undefined; body: Buffer; complete: boolean }> {
  return new Promise((resolve, reject) => {
    const request = get(url, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', () => {});
      response.on('close', () => {
        const { complete } = response;
        resolve({ length: response.headers['content-length'], body: Buffer.concat(chunks), complete });
      });
    });
    request.on('error', reject);
  });
}

test('a status fault answers as often as told, with the waiting times, and then no more', async () => {
  hub.faults?.set([
    { kind: 'status', status: 429, times: 2, retryAfterSeconds: 3, rateLimit: { remaining: 0, resetSeconds: 55 } },
  ]);
  for (let i = 0; i < 2; i++) {
    const refused = await fetch(file);
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toBe('3');
    expect(refused.headers.get('ratelimit')).toBe('"resolvers";r=0;t=55');
  }
  expect(await bytesOf(await fetch(file))).toEqual(content);
});

test('a fault meets only its method and path, after those that it lets pass', async () => {
  hub.faults?.set([{ kind: 'status', status: 503, method: 'get', path: '/resolve/', skip: 1 }]);
  expect((await fetch(`${hub.url}/api/models/${repo}`)).status).toBe(200);
  expect((await fetch(file, { method: 'HEAD' })).status).toBe(200);
  expect((await fetch(file)).status).toBe(200);
  expect((await fetch(file)).status).toBe(503);
});

test('a cut body promises its full length and ends early', async () => {
  for (const afterBytes of [0, 1234]) {
    hub.faults?.set([{ kind: 'cut', afterBytes }]);
    const { length, body, complete } = await receive(file);
    expect({ length, complete }).toEqual({ length: '5000', complete: false });
    expect(body).toEqual(content.subarray(0, afterBytes));
  }
});

test('a flipped byte is the only difference', async () => {
  hub.faults?.set([{ kind: 'flip', byte: 4321 }]);
  const received = await bytesOf(await fetch(file));
  expect(received.length).toBe(content.length);
  const different = [...received.keys()].filter((i) => received[i] !== content[i]);
  expect(different).toEqual([4321]);
});

test('a slow reply arrives whole', async () => {
  hub.faults?.set([{ kind: 'slow', delayMs: 20, bytesPerSecond: 25_000 }]);
  expect(await bytesOf(await fetch(file))).toEqual(content);
  hub.faults?.set([{ kind: 'slow', delayMs: 20 }]);
  expect((await fetch(`${hub.url}/api/models/${repo}`)).status).toBe(200);
});

test('a reply that waits for a minute does not keep the server from closing', async () => {
  const other = await startHubServer({ folder, faults: [{ kind: 'slow', delayMs: 60_000 }], graceMs: 50 });
  const waiting = fetch(`${other.url}/${repo}/resolve/main/w.bin`);
  const outcome = expect(waiting).rejects.toThrow();
  await new Promise((resolve) => setTimeout(resolve, 20));
  await other.close();
  await outcome;
});

test('a request that is cut on its way is not carried out', async () => {
  hub.faults?.set([{ kind: 'cut-request', afterBytes: 10, path: '/commit/' }]);
  const at = { hubUrl: hub.url, accessToken, repo };
  const upload = () => uploadFile({ ...at, file: { path: 'cut.txt', content: new Blob(['x'.repeat(1000)]) } });
  await expect(upload()).rejects.toThrow();
  expect((await fetch(`${hub.url}/${repo}/resolve/main/cut.txt`)).status).toBe(404);
});

test('a lost reply leaves the commit made and the client without an answer', async () => {
  hub.faults?.set([{ kind: 'lose-reply', path: '/commit/' }]);
  const at = { hubUrl: hub.url, accessToken, repo };
  const upload = uploadFile({ ...at, commitTitle: 'made anyway', file: { path: 'l.txt', content: new Blob(['x']) } });
  await expect(upload).rejects.toThrow();
  for await (const commit of listCommits(at)) {
    expect(commit.title).toBe('made anyway');
    break;
  }
});

test('faults are set, shown and removed over HTTP, and nonsense is refused', async () => {
  const control = (method: string, body?: unknown) =>
    fetch(`${hub.url}/_faults`, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  expect((await control('PUT', [{ kind: 'status', status: 500, times: 3 }])).status).toBe(200);
  expect((await fetch(file)).status).toBe(500);
  expect(await (await control('GET')).json()).toEqual([{ kind: 'status', status: 500, skip: 0, times: 2 }]);
  await control('DELETE');
  expect((await fetch(file)).status).toBe(200);
  const refused = await control('PUT', [{ kind: 'cut' }]);
  expect(refused.status).toBe(400);
  expect(await refused.json()).toEqual({ error: 'fault 0: afterBytes must be a whole number from 0 up' });
});

test.each<[unknown, string]>([
  [[{ kind: 'burn' }], 'kind is "burn"'],
  [[{ kind: 'flip', byte: 1, bits: 2 }], '"flip" has no "bits"'],
  [[{ kind: 'lose-reply', path: '(' }], 'path is no regular expression'],
  [[{ kind: 'status', status: 42 }], 'status must be between 200 and 599'],
])('the fault %j is refused', (faults, message) => {
  expect(() => hub.faults?.set(faults as Fault[])).toThrow(message);
});

test('a server that was not asked for faults has no control over HTTP', async () => {
  const plain = await startHubServer({ folder });
  expect((await fetch(`${plain.url}/_faults`)).status).toBe(404);
  await plain.close();
});
