import { mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ModelStatistics, StatisticsError, type StatisticsProvenance } from '@hubfuse/plugin';
import { folderSource, type TensorData, writeSafetensors } from '@hubfuse/tensors';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findStatistics } from '../find/find-statistics.ts';
import { checkStatistics } from './check-statistics.ts';
import { checkValues } from './check-values.ts';
import { statisticsPath } from './file-name.ts';
import { decodeMetadata, encodeMetadata } from './metadata.ts';
import { readStatistics } from './read-statistics.ts';
import { gramWidth, triangleLength, triangleOffset } from './triangle.ts';

const GRAM = { kind: 'gram', variant: 'mask' } as const;
const PATH = 'hubfuse/gram-mask-money.safetensors';
const COMMAND = 'hubfuse stats <model> --data <dataset> --kind gram --padding mask';
const WEIGHTS = 'ab'.repeat(32);
const provenance: StatisticsProvenance = {
  format: 1,
  model: 'ns/model',
  modelSha256: WEIGHTS,
  revision: 'c'.repeat(40),
  dataset: 'ns/data/money.jsonl',
  split: '[:100]',
  examples: 100,
  tokenizer: 'ef'.repeat(32),
  maxLength: 128,
  task: 'text-classification',
  version: '0.1.0',
  storageError: 1e-8,
};
const rows = new Map([
  ['layer.query', 700],
  ['head', 100],
]);
const aliases = new Map([['layer.key', 'layer.query']]);
const metadata = encodeMetadata({ ...GRAM, provenance, rows, aliases });

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hubfuse-statistics-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const f32 = (shape: number[], ...values: number[]): TensorData => ({
  dtype: 'F32',
  shape,
  data: new Uint8Array(Float32Array.from(values).buffer),
});
const TENSORS = { 'layer.query': f32([3], 2, -1, 2), head: f32([3], 1, 0, 1) };

/** A model's folder with one statistics file, read. */
async function stored(
  name: string,
  tensors: Record<string, TensorData> = TENSORS,
  facts: Readonly<Record<string, string>> = metadata,
): Promise<ModelStatistics> {
  await mkdir(join(folder, name, 'hubfuse'), { recursive: true });
  await writeSafetensors(join(folder, name, PATH), new Map(Object.entries(tensors)), facts);
  return await readStatistics({ source: await folderSource(join(folder, name)), path: PATH, request: GRAM });
}

const subject = {
  model: 'ns/model',
  modelSha256: WEIGHTS,
  expected: new Map([
    ['layer.query', [2]],
    ['layer.key', [2]],
    ['head', [2]],
  ]),
};

async function refusal(action: () => unknown): Promise<StatisticsError> {
  try {
    await action();
  } catch (error) {
    if (error instanceof StatisticsError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

test('what is written about a file is what is read from it', async () => {
  expect(decodeMetadata(metadata, { where: 'here', request: GRAM })).toEqual({ ...GRAM, provenance, rows, aliases });
  const statistics = await stored('whole');
  expect(statistics).toMatchObject({ ...GRAM, provenance, rows, aliases });
  expect(statistics.tensors.get('layer.query')).toMatchObject({ dtype: 'F32', shape: [3], bytes: 12 });
  checkStatistics(statistics, subject);
  await checkValues(statistics);
});

test('full squares of a file without provenance are read, and cannot pass for checked', async () => {
  const statistics = await stored('golden', { 'layer.query': f32([2, 2], 2, -1, -1, 2) }, { format: 'pt' });
  expect(statistics.provenance).toBeUndefined();
  await checkValues(statistics);
  const error = await refusal(() => checkStatistics(statistics, subject));
  expect(error).toMatchObject({ code: 'statistics/unverified' });
});

test('statistics of other weights are refused with both identities', async () => {
  const statistics = await stored('other-weights');
  const error = await refusal(() => checkStatistics(statistics, { ...subject, modelSha256: '12'.repeat(32) }));
  expect(error).toMatchObject({ code: 'statistics/other-weights' });
  expect(error.message).toMatch(/abababababab.*121212121212/s);
  expect(error.hint).toContain('hubfuse stats ns/model --data <dataset> --kind gram --padding mask');
});

test('statistics of another layer set are refused, whether layers are missing, too many or of another width', async () => {
  const statistics = await stored('other-layers');
  const expected = new Map(subject.expected);
  const refused = () => refusal(() => checkStatistics(statistics, { ...subject, expected }));
  expected.set('layer.value', [2]);
  expect((await refused()).message).toContain('1 layers of ns/model are not in the statistics, e.g. layer.value');
  expected.delete('layer.value');
  expected.set('head', [4]);
  expect((await refused()).message).toContain('"head" was measured for a size of [2], but is [4]');
  expected.delete('head');
  expect((await refused()).message).toContain('1 entries are of no layer of ns/model, e.g. head');
});

test('too few rows are refused with the number that is needed', async () => {
  const width = 64;
  const values = new Array<number>(triangleLength(width)).fill(1);
  const facts = encodeMetadata({ ...GRAM, provenance, rows: new Map([['wide', 3]]), aliases: new Map() });
  const statistics = await stored('few-rows', { wide: f32([values.length], ...values) }, facts);
  const wide = { ...subject, expected: new Map([['wide', [width]]]) };
  const error = await refusal(() => checkStatistics(statistics, wide));
  expect(error).toMatchObject({ code: 'statistics/too-few-rows' });
  expect(error.message).toContain('"wide" is the mean of 3 rows; at least 4 are needed');
  expect(error.hint).toContain('hubfuse stats ns/model');
  const path = 'models[0].calibration';
  const limited = await refusal(() => checkStatistics(statistics, { ...wide, calibration: { path, limit: 3 } }));
  expect(limited).toMatchObject({ where: `${path}.limit`, hint: expect.stringContaining(`raise ${path}.limit`) });
  expect(limited.summary).toContain('of ns/model is the mean of 3 rows');
  const all = await refusal(() => checkStatistics(statistics, { ...wide, calibration: { path } }));
  expect(all).toMatchObject({ where: path, hint: expect.stringContaining('a wider split, or more data') });
});

test.each([
  ['NaN', [2, Number.NaN, 2], 'position 1'],
  ['infinity', [Number.POSITIVE_INFINITY, 0, 2], 'position 0'],
  ['a negative square', [2, 0, -2], 'position 2'],
])('%s among the values is refused with its place', async (what, values, place) => {
  const statistics = await stored(`value-${what}`, { ...TENSORS, 'layer.query': f32([3], ...values) });
  const error = await refusal(() => checkValues(statistics));
  expect(error).toMatchObject({ code: 'statistics/value' });
  expect(error.message).toContain('"layer.query"');
  expect(error.message).toContain(place);
});

test('a truncated file is refused before its values are read', async () => {
  await stored('truncated');
  const file = join(folder, 'truncated', PATH);
  await truncate(file, (await readFile(file)).length - 4);
  const source = await folderSource(join(folder, 'truncated'));
  const error = await refusal(() => readStatistics({ source, path: PATH, request: GRAM }));
  expect(error).toMatchObject({ code: 'statistics/unreadable' });
  expect(error.hint).toContain('cut short');
  await writeFile(file, 'no safetensors');
  const other = await folderSource(join(folder, 'truncated'));
  expect((await refusal(() => readStatistics({ source: other, path: PATH, request: GRAM }))).code).toBe(
    'statistics/unreadable',
  );
});

test.each([
  ['a later format', { 'hubfuse.statistics': '2' }, 'of format 2'],
  ['rows that are missing', { rows: '{"layer.query": 700}' }, 'the rows of "head"'],
  ['rows that are no numbers', { rows: '{"layer.query": "many"}' }, '"rows"'],
  ['an alias of nothing', { aliases: '{"layer.key": "layer.queri"}' }, 'does not hold'],
  ['a model without an identity', { model_sha256: 'unknown' }, 'model_sha256'],
])('metadata with %s is refused with the command that makes new ones', async (_what, change, message) => {
  const error = await refusal(() => stored('metadata', TENSORS, { ...metadata, ...change }));
  expect(error).toMatchObject({ code: 'statistics/format' });
  expect(error.message).toContain(message);
  expect(error.hint).toContain(COMMAND);
});

test('metadata without a key that must be there is refused with the key and the command', async () => {
  const { tokenizer: _, ...rest } = metadata;
  const error = await refusal(() => stored('no-tokenizer', TENSORS, rest));
  expect(error.message).toContain('"tokenizer"');
  expect(error.hint).toContain(COMMAND);
});

test('weights that are named in the place of statistics are called no statistics file', async () => {
  const error = await refusal(() => stored('weights', { 'LayerNorm.bias': f32([2], 1, 2) }, { format: 'pt' }));
  expect(error).toMatchObject({ code: 'statistics/format' });
  expect(error.message).toMatch(/no statistics file.*"hubfuse\.statistics".*"LayerNorm\.bias" is of shape \[2\]/);
  expect(error.hint).toContain(COMMAND);
});

test('statistics of another kind, dtype or shape are refused', async () => {
  const fisher = encodeMetadata({ ...GRAM, kind: 'fisher', provenance, rows, aliases });
  expect((await refusal(() => stored('kind', TENSORS, fisher))).code).toBe('statistics/other-kind');
  const bytes = { dtype: 'U8', shape: [3], data: new Uint8Array(3) } as const;
  expect((await refusal(() => stored('dtype', { ...TENSORS, head: bytes }))).message).toContain('U8');
  expect((await refusal(() => stored('shape', { ...TENSORS, head: f32([2], 1, 2) }))).message).toContain('shape [2]');
});

test('a model brings its statistics along under their name, and several of them are a question', async () => {
  const found = await stored('finding');
  const source = await folderSource(join(folder, 'finding'));
  expect(await findStatistics(source, GRAM)).toEqual({ ...found, source: expect.anything() });
  expect(await findStatistics(source, { kind: 'gram', variant: 'include' })).toBeUndefined();
  await writeSafetensors(
    join(folder, 'finding/hubfuse/gram-mask-home.safetensors'),
    new Map(Object.entries(TENSORS)),
    metadata,
  );
  const error = await refusal(async () => findStatistics(await folderSource(join(folder, 'finding')), GRAM));
  expect(error).toMatchObject({ code: 'statistics/ambiguous' });
  expect(error.message).toContain('gram-mask-home.safetensors, hubfuse/gram-mask-money.safetensors');
});

test('names of datasets become parts of a file name', () => {
  expect(statisticsPath(GRAM, 'money')).toBe('hubfuse/gram-mask-money.safetensors');
  expect(statisticsPath(GRAM, '../my data')).toBe('hubfuse/gram-mask-my-data.safetensors');
});

test('a triangle has the offsets and the width of its matrix', () => {
  for (const width of [1, 2, 7, 768, 3072, 16384]) {
    expect(triangleOffset(width, width)).toBe(triangleLength(width));
    expect(gramWidth([triangleLength(width)])).toBe(width);
    expect(gramWidth([triangleLength(width) + 1])).toBeUndefined();
  }
  expect(gramWidth([4, 4])).toBe(4);
  expect(gramWidth([4, 5])).toBeUndefined();
});
