import { createHash } from 'node:crypto';
import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PublishRequest, PublishResult } from '@hubfuse/hub';
import type { FaultEffect } from '@hubfuse/hub-server';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { environment } from '../environment.ts';
import { publicationOf, served, stateOf } from './publication.ts';
import {
  contentOf,
  filesBelow,
  modelFiles,
  noise,
  sha256,
  startChild,
  startTestHub,
  type TestHub,
} from './test-hub.ts';

/** `npm run soak` sets HUBFUSE_KILLS; `npm test` runs a slice. */
const RANDOM_KILLS = environment.kills ?? 3;
/** Longer than a child takes for all that it has to do. */
const KILL_WINDOW_MS = 600;
const WEIGHTS = 4_000_000;
const files = modelFiles(WEIGHTS);

let hub: TestHub;
beforeEach(async () => {
  hub = await startTestHub();
});
afterEach(async () => await hub.close());

/** Options for a process of its own: what JSON can carry. */
const plain = () => {
  const { hubUrl, cacheDir, token, rangeBytes } = hub.options();
  // Nothing gives up before it is killed.
  const retry = { attempts: 1000, firstPauseMs: 20, longestPauseMs: 20 };
  return { hubUrl, cacheDir, token, retry, rangeBytes, connections: 3 };
};
const fetchInChild = () => startChild('fetch', { repo: 'ns/model', options: plain() });
const repoFolder = () => join(hub.root, 'cache', 'models--ns--model');

test('a download killed again and again goes on where it was, to the same bytes', async () => {
  await hub.commit('ns/model', files);
  hub.server.faults?.set([{ kind: 'slow', bytesPerSecond: 20_000_000, path: 'model.safetensors', times: 1e9 }]);
  const blob = join(repoFolder(), 'blobs', sha256(files['model.safetensors'] ?? ''));
  let before = 0;
  for (const share of [0.3, 0.6, 0.85]) {
    const child = fetchInChild();
    await child.until(
      ({ type, path, received }) =>
        type === 'download' && path === 'model.safetensors' && Number(received) >= share * WEIGHTS,
    );
    child.process.kill('SIGKILL');
    await child.ended;
    const first = child.lines.find(({ path }) => path === 'model.safetensors');
    expect(Number(first?.received), child.stderr()).toBeGreaterThanOrEqual(before);
    expect(await filesBelow(join(repoFolder(), 'blobs'))).not.toContain(blob);
    before = Math.floor(share * WEIGHTS) - 3 * 256 * 1024;
  }
  const last = fetchInChild();
  expect(await last.ended, last.stderr()).toBe(0);
  const folder = String(last.lines.at(-1)?.folder);
  for (const [path, content] of Object.entries(files)) {
    expect((await contentOf(join(folder, path))).equals(Buffer.from(content)), path).toBe(true);
  }
  expect(last.lines.find(({ path }) => path === 'model.safetensors')?.state).toBe('resumed');
  expect(await filesBelow(join(repoFolder(), '.hubfuse'))).toEqual([]);
});

test(`a download comes to the same bytes, however often it is killed (${RANDOM_KILLS} random moments)`, async () => {
  await hub.commit('ns/model', files);
  hub.server.faults?.set([{ kind: 'slow', bytesPerSecond: 20_000_000, times: 1e9 }]);
  for (let kill = 0; kill < RANDOM_KILLS; kill++) {
    const child = fetchInChild();
    await child.until(({ type }) => type === 'started');
    await sleep(Math.random() * KILL_WINDOW_MS);
    child.process.kill('SIGKILL');
    await child.ended;
  }
  const last = fetchInChild();
  expect(await last.ended, last.stderr()).toBe(0);
  for (const [path, content] of Object.entries(files)) {
    const fetched = await contentOf(join(String(last.lines.at(-1)?.folder), path));
    expect(fetched.equals(Buffer.from(content)), path).toBe(true);
  }
  expect(await filesBelow(join(repoFolder(), '.hubfuse'))).toEqual([]);
}, 600_000);

test('several processes that fetch the same model at once leave one right copy', async () => {
  await hub.commit('ns/model', files);
  const children = [fetchInChild(), fetchInChild(), fetchInChild()];
  for (const child of children) expect(await child.ended, child.stderr()).toBe(0);
  const folder = String(children[0]?.lines.at(-1)?.folder);
  expect(sha256(await contentOf(join(folder, 'model.safetensors')))).toBe(sha256(files['model.safetensors'] ?? ''));
  const downloads = children.flatMap(({ lines }) =>
    lines.filter(({ path, state }) => path === 'model.safetensors' && state === 'started'),
  );
  expect(downloads).toHaveLength(1);
  expect(await filesBelow(join(repoFolder(), '.hubfuse'))).toEqual([]);
});

const model = { 'config.json': '{}', 'model.safetensors': noise(400_000), 'onnx/model.onnx': noise(1000, 2) };

/** Publishes to the end and checks that it was done exactly once. */
async function expectPublishedOnce(request: PublishRequest): Promise<void> {
  hub.server.faults?.set([]);
  const last = startChild('publish', request);
  expect(await last.ended, last.stderr()).toBe(0);
  const result = last.lines.at(-1)?.result as PublishResult;
  const { commits, pullRequests } = await stateOf(hub, request.repo);
  expect([commits.length, pullRequests.length]).toEqual(request.as === 'commit' ? [2, 0] : [1, 1]);
  for (const [path, content] of Object.entries(model)) {
    expect((await served(hub, request.repo, result.revision, path)).equals(Buffer.from(content)), path).toBe(true);
  }
}

const STEPS = {
  create: { method: 'POST', path: '/api/repos/create' },
  preupload: { method: 'POST', path: '/preupload/' },
  batch: { method: 'POST', path: '/objects/batch' },
  upload: { method: 'PUT' },
  commit: { method: 'POST', path: '/commit/' },
} as const;

const kills = [
  ...Object.keys(STEPS).map((step) => ['commit', step as keyof typeof STEPS] as const),
  ['pull_request', 'upload'] as const,
  ['pull_request', 'commit'] as const,
];

test.each(kills)(
  'a publication (%s) killed at its request "%s", carried out or not, is made once',
  async (as, step) => {
    // Of the requests that change nothing on the Hub, one side will do.
    for (const carriedOut of step === 'upload' || step === 'commit' ? [true, false] : [true]) {
      const repo = `tester/${carriedOut ? 'after' : 'before'}`;
      const request = await publicationOf(hub, model, { repo, as, options: plain() });
      const fault: FaultEffect = carriedOut
        ? { kind: 'slow', delayMs: 60_000 }
        : { kind: 'cut-request', afterBytes: 0 };
      hub.server.faults?.set([{ ...fault, ...STEPS[step], times: 1000 }]);
      const child = startChild('publish', request);
      while (hub.server.faults?.list()[0]?.times === 1000) await sleep(5);
      // Time for the Hub to carry out what it was asked.
      await sleep(50);
      child.process.kill('SIGKILL');
      expect(await child.ended).toBe(null);
      await expectPublishedOnce(request);
    }
  },
);

test(`a publication is made once, whenever it is killed (${RANDOM_KILLS} random moments)`, async () => {
  for (let kill = 0; kill < RANDOM_KILLS; kill++) {
    const repo = `tester/random-${kill}`;
    const request = await publicationOf(hub, model, { repo, as: 'commit', options: plain() });
    hub.server.faults?.set([{ kind: 'slow', delayMs: 20, times: 1e9 }]);
    const child = startChild('publish', request);
    await child.until(({ type }) => type === 'started');
    await sleep(Math.random() * KILL_WINDOW_MS);
    child.process.kill('SIGKILL');
    await child.ended;
    await expectPublishedOnce(request);
  }
}, 600_000);

test('a large file is uploaded in bounded memory', async () => {
  const bytes = 256 * 1024 * 1024;
  const request = await publicationOf(hub, { 'config.json': '{}' }, { options: plain() });
  const sparse = join(request.folder, 'model.safetensors');
  await writeFile(sparse, '');
  await truncate(sparse, bytes);
  const zeros = Buffer.alloc(1024 * 1024);
  const hash = createHash('sha256');
  for (let written = 0; written < bytes; written += zeros.length) hash.update(zeros);
  const output = { path: 'model.safetensors', size: bytes, sha256: hash.digest('hex') };
  const manifest = { ...request.manifest, outputs: [...request.manifest.outputs, output] };
  const child = startChild('publish', { ...request, manifest });
  expect(await child.ended, child.stderr()).toBe(0);
  const done = child.lines.at(-1);
  expect(done?.result).toMatchObject({ already: false });
  expect(Number(done?.peakBytes)).toBeLessThan(200 * 1024 * 1024);
});
