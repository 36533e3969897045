import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadDataset, registerEvaluation } from '@hubfuse/evaluate';
import { registerArchitectures } from '@hubfuse/graphs';
import { openFolder } from '@hubfuse/hub';
import { type ModelStatistics, Registry } from '@hubfuse/plugin';
import {
  checkStatistics,
  expectedShapes,
  findMeasure,
  type GatheringLimits,
  gatherStatistics,
  openMeasuredModel,
  planGathering,
  readStatistics,
} from '@hubfuse/statistics';
import { readSafetensors, type TensorData, toFloat32, writeSafetensors } from '@hubfuse/tensors';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mergeRecipe, writeModel } from './merge-recipe.ts';
import { plainStatistics } from './plain-statistics.ts';
import { flatValues, randomFamily } from './random-models.ts';

const EXAMPLES = join(import.meta.dirname, '../examples/intents-tiny');
const CONFIG = { model_type: 'bert', architectures: ['BertModel'] };
const REQUEST = { kind: 'fisher', variant: 'hard' } as const;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hubfuse-fisher-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the method', () => {
  /** Random models, and random information of each, none below zero. */
  async function family(seed: number): Promise<{ models: string[]; statistics: string[] }> {
    const { models } = randomFamily({ seed, models: 3 });
    const information = randomFamily({ seed: seed + 1, models: 3 }).models;
    const written: { models: string[]; statistics: string[] } = { models: [], statistics: [] };
    for (const [i, model] of models.entries()) {
      const path = join(folder, `${seed}-${i}`);
      await writeModel(path, model, CONFIG);
      written.models.push(path);
      written.statistics.push(await writeInformation(`${path}.fisher`, information[i] ?? new Map(), 1));
    }
    return written;
  }

  /** A bare encoder's tensors are keyed by the names that they have in a model with a head. */
  const canonical = (name: string): string => (name.startsWith('bert.') ? name : `bert.${name}`);

  async function writeInformation(
    path: string,
    values: ReadonlyMap<string, TensorData>,
    scale: number,
  ): Promise<string> {
    const squares = [...values].map(([name, { dtype, shape, data }]) => {
      const floats = toFloat32(data, dtype as 'F32').map((value) => scale * value * value);
      return [canonical(name), { dtype: 'F32' as const, shape, data: new Uint8Array(floats.buffer) }] as const;
    });
    const file = `${path}.safetensors`;
    await writeSafetensors(file, new Map(squares));
    return file;
  }

  async function merge(options: {
    models: readonly string[];
    statistics: readonly string[];
    parameters?: Record<string, unknown>;
    weights?: readonly number[];
    workers?: number;
  }): Promise<Float64Array> {
    const { models, statistics, parameters = {}, weights, workers } = options;
    const text = JSON.stringify({
      merge_method: 'fisher',
      models: models.map((model, i) => ({ model, parameters: weights === undefined ? {} : { weight: weights[i] } })),
      parameters,
      out_dtype: 'float32',
    });
    const found: ModelStatistics[] = await Promise.all(statistics.map((file) => plainStatistics(file, REQUEST)));
    const { tensors } = await mergeRecipe({
      ...{ text, statistics: found, out: join(folder, 'out') },
      ...(workers === undefined ? {} : { workers }),
    });
    return flatValues(tensors);
  }

  const NORMALIZE = ['none', 'param', 'model'];

  test.each(NORMALIZE)('of one model, or of equal ones, gives the model: normalize %s', async (normalize) => {
    const { models, statistics } = await family(31);
    const [model = '', first = '', second = ''] = [models[0], ...statistics];
    const expected = flatValues((await readSafetensors(join(model, 'model.safetensors'))).tensors);
    const parameters = { normalize };
    expect(await merge({ models: [model], statistics: [first], parameters })).toEqual(expected);
    expect(await merge({ models: [model, model], statistics: [first, second], parameters })).toEqual(expected);
  });

  test.each(NORMALIZE)('does not depend on the order of models or on workers: normalize %s', async (normalize) => {
    const { models, statistics } = await family(41);
    const [weights, parameters] = [[0.5, 0.3, 0.2], { normalize }];
    const merged = await merge({ models, statistics, weights, parameters });
    const turned = await merge({
      models: models.toReversed(),
      statistics: statistics.toReversed(),
      weights: weights.toReversed(),
      parameters,
    });
    for (const [i, value] of merged.entries()) expect(turned[i]).toBeCloseTo(value, 6);
    expect(await merge({ models, statistics, weights, parameters, workers: 2 })).toEqual(merged);
  });

  test('information of equal size everywhere gives the weighted mean, and so does excluding everything', async () => {
    const { models, statistics } = await family(51);
    const [first = ''] = statistics;
    const weights = [0.5, 0.3, 0.2];
    const rows = await Promise.all(
      models.map(async (model) => flatValues((await readSafetensors(join(model, 'model.safetensors'))).tensors)),
    );
    const mean = (rows[0] ?? new Float64Array()).map((_, i) =>
      rows.reduce((sum, row, model) => sum + (weights[model] ?? 0) * (row[i] ?? 0), 0),
    );
    const same = await merge({ models, statistics: [first, first, first], weights });
    const excluded = await merge({ models, statistics, weights, parameters: { exclude: [''] } });
    for (const [i, value] of mean.entries()) {
      expect(same[i]).toBeCloseTo(value, 6);
      expect(excluded[i]).toBeCloseTo(value, 6);
    }
  });

  test('scaling all information changes nothing, scaling one by c is its weight times c', async () => {
    const { models, statistics } = await family(61);
    const scaled = async (i: number): Promise<string> => {
      const { tensors } = await readSafetensors(statistics[i] ?? '');
      const times = [...tensors].map(([name, { shape, data }]) => {
        const values = toFloat32(data, 'F32').map((value) => 4 * value);
        return [name, { dtype: 'F32' as const, shape, data: new Uint8Array(values.buffer) }] as const;
      });
      const file = join(folder, `scaled-${i}.safetensors`);
      await writeSafetensors(file, new Map(times));
      return file;
    };
    const parameters = { smoothing: 1e-30 };
    const merged = await merge({ models, statistics, parameters });
    const all = await Promise.all([0, 1, 2].map(scaled));
    for (const [i, value] of (await merge({ models, statistics: all, parameters })).entries()) {
      expect(value).toBeCloseTo(merged[i] ?? Number.NaN, 6);
    }
    const one = await merge({ models, statistics: [all[0] ?? '', ...statistics.slice(1)], parameters });
    const weighted = await merge({ models, statistics, weights: [4, 1, 1], parameters });
    for (const [i, value] of one.entries()) expect(value).toBeCloseTo(weighted[i] ?? Number.NaN, 6);
    // Norms take a model's scale out.
    const normal = { ...parameters, normalize: 'model' };
    const normalized = await merge({ models, statistics, parameters: normal });
    const rescaled = await merge({ models, statistics: [all[0] ?? '', ...statistics.slice(1)], parameters: normal });
    for (const [i, value] of rescaled.entries()) expect(value).toBeCloseTo(normalized[i] ?? Number.NaN, 6);
  });

  test('where no model has information the result is the mean', async () => {
    const { models, statistics } = await family(71);
    const zeros = await Promise.all(
      statistics.map(async (file, i) => {
        const { tensors } = await readSafetensors(file);
        return await writeInformation(join(folder, `zeros-${i}`), tensors, 0);
      }),
    );
    const merged = await merge({ models, statistics: zeros });
    const excluded = await merge({ models, statistics, parameters: { exclude: [''] } });
    for (const [i, value] of merged.entries()) expect(value).toBeCloseTo(excluded[i] ?? Number.NaN, 6);
  });
});

describe('gathering', () => {
  test('the estimate of the definition counts a pass for each label of the model', async () => {
    const registry = new Registry();
    await Promise.all([registerArchitectures(registry), registerEvaluation(registry)]);
    const { model } = await openMeasuredModel({ folder: join(EXAMPLES, 'money'), name: 'money', registry });
    const operations = (variant: string): number => {
      const { measure, request } = findMeasure({ kind: 'fisher', variant });
      return planGathering({ model, measure, request }).operationsPerToken;
    };
    const labels = Object.keys(model.config.id2label ?? {}).length;
    expect(labels).toBeGreaterThan(2);
    expect(operations('definition')).toBe(labels * operations('hard-example'));
  });

  async function gather(name: string, options: GatheringLimits & { variant: string; limit: number }) {
    const { variant, limit, ...limits } = options;
    const registry = new Registry();
    await Promise.all([registerArchitectures(registry), registerEvaluation(registry)]);
    const place = join(EXAMPLES, 'money');
    const { model, modelSha256 } = await openMeasuredModel({ folder: place, name: 'money', registry });
    const { measure, request } = findMeasure({ kind: 'fisher', variant });
    const plan = planGathering({ model, measure, request, limits });
    const source = { path: join(EXAMPLES, 'data/money.dev.jsonl') };
    const dataset = await loadDataset({ name: 'money', source, task: 'text-classification', registry, limit });
    const path = join(folder, `${name}.safetensors`);
    const origin = { model: 'money', modelSha256, dataset: 'money', version: '0.0.0' };
    await gatherStatistics({ model, measure, plan, dataset, origin, path });
    const statistics = await readStatistics({
      source: await openFolder(folder, folder),
      path: `${name}.safetensors`,
      request,
    });
    const expected = expectedShapes(plan.measurement, 'fisher');
    checkStatistics(statistics, { model: 'money', modelSha256, expected });
    return { plan, path, statistics };
  }

  test('any number of workers and any bound on memory give the same bytes', async () => {
    const settings = { variant: 'hard', limit: 40 };
    const one = await gather('one', { ...settings, workers: 1 });
    const many = await gather('many', { ...settings, workers: 3 });
    const tight = await gather('tight', { ...settings, workers: 1, memory: one.plan.peakBytes - 4e6 });
    expect(one.plan.passes).toHaveLength(1);
    expect(tight.plan.passes.length).toBeGreaterThan(1);
    const bytes = await readFile(one.path);
    for (const { path } of [many, tight]) expect(bytes.equals(await readFile(path))).toBe(true);
    expect([...new Set(one.statistics.rows.values())]).toEqual([3]);
  });

  test('squares of single examples are at least those of their batch, and a row is an example', async () => {
    const batch = await gather('batch', { variant: 'empirical', limit: 16 });
    const single = await gather('single', { variant: 'empirical-example', limit: 16 });
    expect([...new Set(single.statistics.rows.values())]).toEqual([16]);
    const [ofBatch, ofExamples] = await Promise.all(
      [batch, single].map(async ({ path }) => flatValues((await readSafetensors(path)).tensors)),
    );
    // The square of a mean is at most the mean of the squares (Jensen); padding only changes the rounding.
    const larger = ofBatch?.filter((value, i) => !(value <= (ofExamples?.[i] ?? Number.NaN) * (1 + 1e-3) + 1e-12));
    expect(larger).toHaveLength(0);
    expect(ofExamples?.some((value) => value > 0)).toBe(true);
  });

  test('what was gathered merges its model with another', async () => {
    const { statistics } = await gather('merged', { variant: 'hard', limit: 16 });
    const models = [join(EXAMPLES, 'money'), join(EXAMPLES, 'money')];
    const text = JSON.stringify({ merge_method: 'fisher', models });
    const { tensors } = await mergeRecipe({
      text,
      out: join(folder, 'gathered'),
      statistics: [statistics, statistics],
    });
    const merged = flatValues(tensors);
    const original = (await readSafetensors(join(EXAMPLES, 'money', 'model.safetensors'))).tensors;
    expect(flatValues(original).filter((value, i) => value !== merged[i])).toHaveLength(0);
  });
});
