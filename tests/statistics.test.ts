import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadDataset, registerEvaluation } from '@hubfuse/evaluate';
import { registerArchitectures } from '@hubfuse/graphs';
import { Registry } from '@hubfuse/plugin';
import {
  checkStatistics,
  checkValues,
  expectedShapes,
  findMeasure,
  type GatheringLimits,
  gatherStatistics,
  planGathering,
  readStatistics,
  weightsSha256,
} from '@hubfuse/statistics';
import { folderSource, readCheckpoint, readSafetensors, toFloat32, writeSafetensors } from '@hubfuse/tensors';
import { afterAll, beforeAll, expect, test } from 'vitest';

// Gathering of a whole model over real examples, as a user's command does it.

const MODEL = join(import.meta.dirname, '../examples/intents-tiny/money');
const DATA = join(import.meta.dirname, '../examples/intents-tiny/data/money.dev.jsonl');
const registry = new Registry();
let folder: string;

beforeAll(async () => {
  await Promise.all([registerArchitectures(registry), registerEvaluation(registry)]);
  folder = await mkdtemp(join(tmpdir(), 'hubfuse-gathering-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Settings extends GatheringLimits {
  dtype?: 'F32' | 'BF16';
  variant?: string;
  folder?: string;
  signal?: AbortSignal;
}

async function gather(name: string, limits: Settings) {
  const { signal, folder: place = MODEL } = limits;
  const source = await folderSource(place);
  const checkpoint = await readCheckpoint(source);
  const config = JSON.parse(await readFile(join(place, 'config.json'), 'utf8')) as Record<string, unknown>;
  const model = { name: 'money', folder: place, config, tensors: checkpoint.tensors, registry };
  const { measure, request } = findMeasure({ kind: 'gram', variant: limits.variant });
  const plan = planGathering({ model, measure, request, limits, dtype: limits.dtype });
  const dataset = await loadDataset({
    ...{ name: 'money', source: { path: DATA }, task: 'text-classification', registry },
    limit: 120,
  });
  const path = join(folder, `${name}.safetensors`);
  const modelSha256 = await weightsSha256({ source, files: checkpoint.files });
  const origin = { model: 'money', modelSha256, dataset: 'money', version: '0.0.0' };
  const written = await gatherStatistics({ ...{ model, measure, plan, dataset, origin, path, signal } });
  return { plan, written, path, request, modelSha256 };
}

test('any number of workers and any bound on memory give the same bytes', async () => {
  const one = await gather('one', { workers: 1 });
  expect(one.plan.passes).toHaveLength(1);
  const two = await gather('two', { workers: 2 });
  const eight = await gather('eight', { workers: 8 });
  const tight = await gather('tight', { workers: 2, memory: one.plan.peakBytes - 4e6 });
  expect(tight.plan.passes.length).toBeGreaterThan(2);
  const bytes = await readFile(one.path);
  for (const other of [two, eight, tight]) {
    expect(bytes.equals(await readFile(other.path))).toBe(true);
    expect(other.written.sha256).toBe(one.written.sha256);
  }
}, 120_000);

test('the file belongs to the weights and says where it comes from', async () => {
  const { path, request, modelSha256, written, plan } = await gather('whole', { workers: 2 });
  const source = await folderSource(folder);
  const statistics = await readStatistics({ source, path: 'whole.safetensors', request });
  const expected = expectedShapes(plan.measurement, 'gram');
  checkStatistics(statistics, { model: 'money', modelSha256, expected });
  await checkValues(statistics);
  expect(statistics.provenance).toMatchObject({ examples: 120, model: 'money', task: 'text-classification' });
  expect(statistics.rows.get('classifier')).toBe(120);
  expect(statistics.aliases.get('bert.encoder.layer.0.attention.self.key')).toBe(
    'bert.encoder.layer.0.attention.self.query',
  );
  expect(written.size).toBe((await readFile(path)).length);
});

test('bfloat16 halves the file and states what that loses', async () => {
  const wide = await gather('wide', { workers: 2 });
  const narrow = await gather('narrow', { workers: 2, dtype: 'BF16' });
  expect(narrow.plan.fileBytes * 2).toBe(wide.plan.fileBytes);
  const [exact, rounded] = await Promise.all([wide, narrow].map(({ path }) => readSafetensors(path)));
  let worst = 0;
  for (const [key, { data }] of exact?.tensors ?? []) {
    const values = toFloat32(data, 'F32');
    const other = toFloat32(rounded?.tensors.get(key)?.data ?? new Uint8Array(), 'BF16');
    const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    values.forEach((value, at) => {
      worst = Math.max(worst, Math.abs(value - (other[at] ?? Number.NaN)) / largest);
    });
  }
  expect(worst).toBeGreaterThan(1e-4);
  expect(narrow.written.provenance.storageError).toBeCloseTo(worst, 6);
  expect(wide.written.provenance.storageError).toBeLessThan(6e-8);
});

test('rows of padding are counted when they are included', async () => {
  const masked = await gather('masked', { workers: 2 });
  const included = await gather('included', { workers: 2, variant: 'include' });
  const query = 'bert.encoder.layer.0.attention.self.query';
  expect(included.written.rows.get(query)).toBeGreaterThan(masked.written.rows.get(query) ?? 0);
  expect(included.written.rows.get('classifier')).toBe(120);
});

test('a model that overflows is refused with the layer, and nothing is left behind', async () => {
  const broken = join(folder, 'broken');
  await cp(MODEL, broken, { recursive: true });
  const { tensors, metadata } = await readSafetensors(join(broken, 'model.safetensors'));
  const name = 'bert.encoder.layer.1.attention.output.LayerNorm.bias';
  const norm = tensors.get(name);
  if (norm === undefined) throw new Error(`the example has no ${name}`);
  // 1e38 in bfloat16: its square is no float32.
  const changed = new Map(tensors).set(name, {
    ...norm,
    data: new Uint8Array(new Uint16Array(128).fill(0x7e96).buffer),
  });
  await writeSafetensors(join(broken, 'model.safetensors'), changed, metadata);
  const before = await readdir(folder);
  const gathering = gather('overflow', { workers: 2, folder: broken });
  await expect(gathering).rejects.toMatchObject({ code: 'statistics/not-finite' });
  await expect(gathering).rejects.toThrow('bert.encoder.layer.1.intermediate.dense');
  expect(await readdir(folder)).toEqual(before);
});

test('an abort ends the threads and leaves nothing behind', async () => {
  const stop = new AbortController();
  const before = await readdir(folder);
  const gathering = gather('stopped', { workers: 2, signal: stop.signal });
  setTimeout(() => stop.abort(new Error('enough')), 300);
  await expect(gathering).rejects.toThrow('enough');
  expect(await readdir(folder)).toEqual(before);
});
