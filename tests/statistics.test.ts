import { createHash } from 'node:crypto';
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

test('whoever knows the document alone can read the file', async () => {
  const { path } = await gather('documented', { workers: 2 });
  // From here on nothing of hubfuse: the document, and what safetensors are.
  const text = await readFile(join(import.meta.dirname, '../docs/statistics-format.md'), 'utf8');
  const table = text.slice(text.indexOf('## The metadata'), text.indexOf('**Identity of the weights.**'));
  const documented = [...table.matchAll(/^\| (`.+?) \| /gm)].map(([, cell = '']) => ({
    keys: [...cell.matchAll(/`([^`]+)`/g)].map(([, key = '']) => key),
    isOptional: cell.includes('(optional)'),
  }));
  const file = await readFile(path);
  const start = 8 + Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.subarray(8, start).toString('utf8'));
  const { __metadata__: metadata, ...entries } = header as {
    __metadata__: Record<string, string>;
  } & Record<string, { dtype: string; shape: number[]; data_offsets: [number, number] }>;
  const known = documented.flatMap(({ keys }) => keys);
  expect(Object.keys(metadata).filter((key) => !known.includes(key))).toEqual([]);
  const required = documented.filter(({ isOptional }) => !isOptional).flatMap(({ keys }) => keys);
  expect(required.filter((key) => metadata[key] === undefined)).toEqual([]);
  expect(metadata).toMatchObject({ 'hubfuse.statistics': '1', kind: 'gram', variant: 'mask', examples: '120' });
  const weights = await readFile(join(MODEL, 'model.safetensors'));
  expect(metadata.model_sha256).toBe(createHash('sha256').update(weights).digest('hex'));

  const rows = JSON.parse(metadata.rows ?? '') as Record<string, number>;
  const aliases = JSON.parse(metadata.aliases ?? '') as Record<string, string>;
  expect(Object.keys(rows).sort()).toEqual(Object.keys(entries).sort());
  // Three blocks of six layers, pooler and classifier; key and value read what query reads.
  expect(Object.keys(entries).length + Object.keys(aliases).length).toBe(20);
  for (const [alias, key] of Object.entries(aliases)) {
    expect(alias).toMatch(/\.self\.(key|value)$/);
    expect(key).toBe(alias.replace(/(key|value)$/, 'query'));
  }
  for (const [
    key,
    {
      dtype,
      shape,
      data_offsets: [from, to],
    },
  ] of Object.entries(entries)) {
    expect(dtype).toBe('F32');
    const stored = new Float32Array(file.buffer.slice(file.byteOffset + start + from, file.byteOffset + start + to));
    const size = (Math.sqrt(8 * (shape[0] ?? 0) + 1) - 1) / 2;
    expect(shape).toEqual([stored.length]);
    expect([128, 512]).toContain(size);
    const square = fromUpperTriangle(stored, size);
    // A second moment has no direction of negative length; another order of the triangle would have.
    expect(smallestPivot(square, 1e-6 * trace(square)), key).toBeGreaterThan(0);
    expect(Math.min(...square.map((row, i) => row[i] ?? Number.NaN)), key).toBeGreaterThanOrEqual(0);
  }
  // A pooled vector is a tanh, so none of its mean squares is above one.
  const classifier = entries.classifier as { data_offsets: [number, number] };
  const [from, to] = classifier.data_offsets;
  const pooled = fromUpperTriangle(
    new Float32Array(file.buffer.slice(file.byteOffset + start + from, file.byteOffset + start + to)),
    128,
  );
  expect(Math.max(...pooled.map((row, i) => row[i] ?? Number.NaN))).toBeLessThanOrEqual(1);
});

function fromUpperTriangle(stored: Float32Array, size: number): Float64Array[] {
  const square = Array.from({ length: size }, () => new Float64Array(size));
  let at = 0;
  for (let i = 0; i < size; i++) {
    for (let j = i; j < size; j++, at++) {
      (square[i] as Float64Array)[j] = stored[at] as number;
      (square[j] as Float64Array)[i] = stored[at] as number;
    }
  }
  return square;
}

function trace(square: readonly Float64Array[]): number {
  return square.reduce((sum, row, i) => sum + (row[i] as number), 0);
}

/** The smallest pivot of the elimination, `more` being added to the diagonal: rounding must not decide. */
function smallestPivot(square: readonly Float64Array[], more: number): number {
  const left = square.map((row) => row.slice());
  let smallest = Number.POSITIVE_INFINITY;
  for (const [i, row] of left.entries()) {
    const pivot = (row[i] as number) + more;
    smallest = Math.min(smallest, pivot);
    for (const below of left.slice(i + 1)) {
      const factor = (below[i] as number) / pivot;
      for (let j = i + 1; j < row.length; j++) below[j] = (below[j] as number) - factor * (row[j] as number);
    }
  }
  return smallest;
}

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
