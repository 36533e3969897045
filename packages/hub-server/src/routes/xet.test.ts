import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commit, createRepo, downloadFile, listFiles } from '@huggingface/hub';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type HubServer, startHubServer } from '../server.ts';

const accessToken = 'hf_ana';
const repo = 'ana/model';
let folder: string;
let hub: HubServer;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hub-xet-'));
  hub = await start();
  await createRepo({ hubUrl: hub.url, accessToken, repo });
});

function start(): Promise<HubServer> {
  return startHubServer({ folder, tokens: { hf_ana: { name: 'ana' }, hf_bob: { name: 'bob' } } });
}

afterEach(async () => {
  await hub.close();
  await rm(folder, { recursive: true, force: true });
});

/**
 * Makes @huggingface/hub upload by Xet, as it does where a Hub chooses that transfer: this one leaves it the choice of
 * the plain transfers, which are faster for it.
 */
const chooseXet: typeof fetch = async (input, init) => {
  const url = String(input);
  const response = await fetch(input, init);
  if (!url.endsWith('/info/lfs/objects/batch')) return response;
  const reply = (await response.json()) as { objects: { actions?: { upload: { href: string } } }[] };
  for (const { actions } of reply.objects) {
    if (actions !== undefined) {
      actions.upload = { href: `${hub.url}/api/models/${repo}/xet-write-token/main`, header: {} } as never;
    }
  }
  return Response.json({ ...reply, transfer: 'xet' });
};

function upload(files: Record<string, Buffer>): Promise<unknown> {
  return commit({
    hubUrl: hub.url,
    accessToken,
    repo,
    title: 'By Xet',
    fetch: chooseXet,
    operations: Object.entries(files).map(([path, content]) => ({
      operation: 'addOrUpdate',
      path,
      content: new Blob([content]),
    })),
  });
}

async function stored(path: string): Promise<Buffer> {
  const blob = await downloadFile({ hubUrl: hub.url, repo, path });
  return Buffer.from((await blob?.arrayBuffer()) ?? new ArrayBuffer(0));
}

/** Numbers that look like trained weights: they pack in groups of bytes. */
function weights(count: number, seed: number): Buffer {
  const values = new Float32Array(count);
  let state = seed;
  for (let i = 0; i < count; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    values[i] = (state / 2 ** 32 - 0.5) / 64;
  }
  return Buffer.from(values.buffer);
}

async function rawXorbs(): Promise<string[]> {
  const names = await readdir(join(folder, '.hub', 'xorbs', 'ana'));
  return names.filter((name) => !name.endsWith('.json'));
}

// The client takes some ten seconds to set up Xet, whatever the files: `npm run soak` sets HUBFUSE_SOAK.
test.skipIf(!process.env.HUBFUSE_SOAK)(
  'files that @huggingface/hub uploads by Xet come down as they were',
  async () => {
    const files = {
      'weights.safetensors': weights(100_000, 1),
      'text.bin': Buffer.from('the same words again and again, '.repeat(10_000)),
      'zeros.bin': Buffer.alloc(200_000),
      'tiny.bin': Buffer.from('tiny'),
    };
    await upload(files);
    for (const [path, content] of Object.entries(files)) expect(await stored(path)).toEqual(content);
    for await (const entry of listFiles({ hubUrl: hub.url, repo })) {
      const content = files[entry.path as keyof typeof files];
      if (content !== undefined) expect(entry.lfs?.oid).toBe(createHash('sha256').update(content).digest('hex'));
    }
  },
);

interface Store {
  casUrl: string;
  accessToken: string;
}

async function store(token = accessToken): Promise<Store> {
  const response = await fetch(`${hub.url}/api/models/${repo}/xet-write-token/main`, {
    headers: { authorization: `Bearer ${token}` },
  });
  return response.json() as Promise<Store>;
}

async function post(
  path: string,
  body: Uint8Array<ArrayBuffer>,
  token?: string,
): Promise<{ status: number; error?: string }> {
  const { casUrl, accessToken: own } = await store();
  const response = await fetch(casUrl + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${token ?? own}` },
    body,
  });
  return { status: response.status, ...((await response.json()) as object) };
}

const xorbHash = 'a'.repeat(64);

/** A xorb of one short chunk, packed by one of the three schemes. */
function xorb(content: string, scheme = 0): Uint8Array<ArrayBuffer> {
  const plain = [...Buffer.from(content)];
  const grouped = [0, 1, 2, 3].flatMap((place) => plain.filter((_, i) => i % 4 === place));
  const packed = scheme === 0 ? plain : literalFrame(scheme === 2 ? grouped : plain);
  return Uint8Array.from([0, packed.length, 0, 0, scheme, plain.length, 0, 0, ...packed]);
}

/** An LZ4 frame without matches, for up to 14 bytes. */
function literalFrame(bytes: number[]): number[] {
  return [0x04, 0x22, 0x4d, 0x18, 0x40, 0x70, 0, bytes.length + 1, 0, 0, 0, bytes.length << 4, ...bytes, 0, 0, 0, 0];
}

/** A shard of one file, which consists of the first chunk of the xorb above, as often as told. */
function shard({
  content,
  end = 1,
  repeat = 1,
  sha256 = createHash('sha256').update(content.repeat(repeat)).digest(),
}: {
  content: string;
  end?: number;
  repeat?: number;
  sha256?: Buffer;
}): Uint8Array<ArrayBuffer> {
  const entry = () => Buffer.alloc(48);
  const [head, file, run, metadata, last] = [entry(), entry(), entry(), entry(), entry()];
  head.write('HFRepoMetaData');
  file.writeUInt32LE(0x40000000, 32);
  file.writeUInt32LE(repeat, 36);
  run.fill(0xaa, 0, 32);
  run.writeUInt32LE(content.length, 36);
  run.writeUInt32LE(end, 44);
  sha256.copy(metadata);
  for (let word = 0; word < 32; word += 8) metadata.subarray(word, word + 8).reverse();
  last.fill(0xff, 0, 32);
  return Uint8Array.from(Buffer.concat([head, file, ...Array.from({ length: repeat }, () => run), metadata, last]));
}

async function blob(content: string): Promise<string> {
  const sha256 = createHash('sha256').update(content).digest('hex');
  return readFile(join(folder, '.hub', 'blobs', sha256.slice(0, 2), sha256), 'utf8');
}

test.each([
  ['plain', 0],
  ['LZ4', 1],
  ['LZ4 over grouped bytes', 2],
])('a chunk packed as %s becomes the content of the file', async (_name, scheme) => {
  await post(`/v1/xorbs/default/${xorbHash}`, xorb('twelve bytes', scheme));
  expect(await post('/v1/shards', shard({ content: 'twelve bytes' }))).toEqual({ status: 200, result: 1 });
  expect(await blob('twelve bytes')).toBe('twelve bytes');
});

test('chunks that a file holds are not kept twice, and later files may still refer to them', async () => {
  await post(`/v1/xorbs/default/${xorbHash}`, xorb('hello'));
  expect(await rawXorbs()).toEqual([xorbHash]);
  expect(await post('/v1/shards', shard({ content: 'hello' }))).toEqual({ status: 200, result: 1 });
  expect(await blob('hello')).toBe('hello');
  expect(await rawXorbs()).toEqual([]);
  await hub.close();
  hub = await start();
  expect(await post('/v1/shards', shard({ content: 'hello', repeat: 3 }))).toEqual({ status: 200, result: 1 });
  expect(await blob('hellohellohello')).toBe('hellohellohello');
});

test('a shard whose content has another SHA-256 is refused and nothing of it is kept', async () => {
  expect(await post(`/v1/xorbs/default/${xorbHash}`, xorb('hello'))).toMatchObject({ status: 200 });
  const wrong = shard({ content: 'hello', sha256: Buffer.alloc(32, 7) });
  expect(await post('/v1/shards', wrong)).toMatchObject({ status: 400, error: expect.stringContaining('SHA-256') });
  expect(await readdir(join(folder, '.hub', 'temporary'))).toEqual([]);
  expect(await post('/v1/shards', shard({ content: 'hello' }))).toEqual({ status: 200, result: 1 });
});

test.each<[string, () => Uint8Array<ArrayBuffer>, string]>([
  ['is none', () => Uint8Array.from(Buffer.alloc(100)), 'this is no shard'],
  ['is cut', () => shard({ content: 'hello' }).slice(0, 150), 'the shard is cut'],
  ['names chunks that are not there', () => shard({ content: 'hello', end: 9 }), 'has no chunk 8'],
  ['gives another length', () => shard({ content: 'hello!' }), 'another length'],
])('a shard that %s is refused', async (_what, body, error) => {
  await post(`/v1/xorbs/default/${xorbHash}`, xorb('hello'));
  expect(await post('/v1/shards', body())).toMatchObject({ status: 400, error: expect.stringContaining(error) });
});

test('a xorb that was not uploaded, or is no xorb, is refused', async () => {
  const missing = await post('/v1/shards', shard({ content: 'hello' }));
  expect(missing).toMatchObject({ status: 400, error: `the xorb ${xorbHash} was not uploaded` });
  const cut = await post(`/v1/xorbs/default/${xorbHash}`, xorb('hello').slice(0, 10));
  expect(cut).toMatchObject({ status: 400, error: 'the xorb is cut' });
  const named = await post('/v1/xorbs/default/..%2f..%2fx', xorb('hello'));
  expect(named.status).toBe(400);
});

test('a xorb of another account is as good as none', async () => {
  await post(`/v1/xorbs/default/${xorbHash}`, xorb('hello'));
  const bob = await store('hf_bob');
  expect(await post('/v1/shards', shard({ content: 'hello' }), bob.accessToken)).toMatchObject({ status: 400 });
});

test('the store takes nothing without a token of this Hub', async () => {
  const { accessToken: token } = await store();
  const forged = `${token.split('.')[0]}.forged`;
  expect((await post(`/v1/xorbs/default/${xorbHash}`, xorb('x'), forged)).status).toBe(401);
  expect((await fetch(`${hub.url}/api/models/${repo}/xet-write-token/main`)).status).toBe(401);
});
