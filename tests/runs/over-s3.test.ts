import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { copyStore, listAll, openStore, type StorePublication } from '@hubfuse/objects';
import { type RunEvent, readEvents, readRun } from '@hubfuse/runs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ExampleHub, startExampleHub } from '../support/example-hub.ts';
import { type S3Double, startOwnS3 } from '../support/s3-double.ts';
import { exampleRecipe } from './example-run.ts';
import { Bench } from './harness.ts';

let hub: ExampleHub;
let s3: S3Double;
beforeAll(async () => {
  hub = await startExampleHub();
  s3 = await startOwnS3();
});
afterAll(async () => {
  await s3.close();
  await hub.close();
});

const recipe = exampleRecipe({ method: 'task_arithmetic', domains: ['money', 'home'], evaluate: false });
const weights = (files: readonly { path: string; sha256: string }[]) =>
  files.find(({ path }) => path === 'model.safetensors')?.sha256;

test('a run whose state lies in S3 survives lost answers and a stop, and gives the bytes of any other', async () => {
  const bench = await Bench.open(hub, 'over-s3', s3.storeUrl('state', 'runs'));
  const id = await bench.create(recipe);
  const controller = new AbortController();
  const onEvent = (event: RunEvent) => {
    if (event.type !== 'phase-started') return;
    s3.fail({ method: 'PUT', kind: 'lost', times: 1 });
    s3.fail({ method: 'PUT', kind: 503, times: 1 });
    if (event.phase === 'merge') controller.abort();
  };
  await expect(bench.execute(id, { signal: controller.signal, onEvent })).rejects.toMatchObject({
    code: 'run/cancelled',
  });
  expect(existsSync(bench.out)).toBe(false);
  const report = await bench.execute(id);
  const numbers: number[] = [];
  for await (const { number } of readEvents({ store: bench.store, runId: id })) numbers.push(number);
  expect(numbers).toEqual(numbers.map((_, index) => index + 1));
  const reference = await (await Bench.open(hub, 'not-over-s3')).run(recipe);
  expect(weights(report.files)).toBe(weights(reference.files));
});

test('a run that began over a folder goes on over S3 once its store is copied there', async () => {
  const bench = await Bench.open(hub, 'moving');
  const id = await bench.create(recipe);
  const controller = new AbortController();
  await bench
    .execute(id, {
      signal: controller.signal,
      onEvent: ({ type }) => {
        if (type === 'phase-done') controller.abort();
      },
    })
    .catch(() => undefined);
  const moved = await openStore(s3.storeUrl('moved', 'here'), bench.registry);
  await copyStore({ from: bench.store, to: moved });
  const report = await bench.execute(id, { store: moved });
  expect(weights(report.files)).toBeDefined();
  expect((await readRun({ store: moved, runId: id })).state).toMatchObject({ status: 'done', attempts: 2 });
  expect((await readRun({ store: bench.store, runId: id })).state.status).toBe('cancelled');
  const keys: string[] = [];
  for await (const key of listAll(moved, `runs/${id}/`)) keys.push(key);
  expect(keys.length).toBeGreaterThan(5);
});

test('a model is published to the Hub and to S3, once, and what S3 holds is what the manifest says', async () => {
  const bench = await Bench.open(hub, 'copied');
  const url = s3.storeUrl('models', 'support');
  const publishing = exampleRecipe({
    method: 'task_arithmetic',
    domains: ['money', 'home'],
    evaluate: false,
    publish: `publish: {hub: {repo: you/copied}, s3: {url: "${url}"}}`,
  });
  const report = await bench.run(publishing);
  expect(report.published).toMatchObject([
    { publisher: 'hub', already: false },
    { publisher: 's3', url: 's3://models/support/manifest.json', already: false },
  ]);
  const { objects } = s3.bucket('models');
  const text = objects.get('support/manifest.json')?.body.toString() ?? '';
  const { files } = JSON.parse(text) as StorePublication;
  expect(files.map(({ path }) => path)).toEqual(
    expect.arrayContaining(['model.safetensors', 'onnx/model.onnx', 'README.md', 'hubfuse.json']),
  );
  for (const { key, path } of files) {
    const copy = objects.get(`support/${key}`)?.body;
    expect(copy?.equals(await readFile(join(bench.out, path))), path).toBe(true);
  }
  const id = await bench.create(publishing, { fresh: true });
  expect((await bench.execute(id)).published).toMatchObject([{ already: true }, { already: true }]);
  expect(objects.get('support/manifest.json')?.body.toString()).toBe(text);
});

test('a bucket that does not exist is refused before any download', async () => {
  const bench = await Bench.open(hub, 'no-bucket');
  const publish = `publish: {s3: {url: "s3://absent/x?endpoint=${s3.endpoint}"}}`;
  await expect(bench.run(exampleRecipe({ evaluate: false, publish }))).rejects.toMatchObject({
    code: 'store/no-bucket',
  });
  expect(existsSync(join(bench.folder, 'cache'))).toBe(false);
});
