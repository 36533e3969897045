import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TensorData } from '@hubfuse/tensors';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { mergeRecipe, writeModel } from './merge-recipe.ts';
import { flatValues, randomFamily, storeValues } from './random-models.ts';

const CONFIG = { model_type: 'bert', architectures: ['BertModel'] };

/** Every method, and each scope and form where it takes another way through the sweeps. */
const VARIANTS: { title: string; method: string; parameters: Record<string, unknown> }[] = [
  { title: 'linear', method: 'linear', parameters: {} },
  { title: 'task_arithmetic', method: 'task_arithmetic', parameters: { lambda: 0.4 } },
  { title: 'ties', method: 'ties', parameters: { density: 0.3 } },
  { title: 'ties with rescale', method: 'ties', parameters: { density: 0.3, rescale: true } },
  { title: 'ties, scope model', method: 'ties', parameters: { scope: 'model', density: 0.3 } },
  { title: 'pcb', method: 'pcb', parameters: {} },
  { title: 'pcb, scope tensor', method: 'pcb', parameters: { scope: 'tensor' } },
  { title: 'pcb, vision-search', method: 'pcb', parameters: { form: 'vision-search' } },
  { title: 'pcb, paper', method: 'pcb', parameters: { form: 'paper' } },
];
const WITH_BASE = VARIANTS.filter(({ method }) => method !== 'linear');

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hubfuse-properties-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function writeFamily(family: { base: Map<string, TensorData>; models: Map<string, TensorData>[] }) {
  await writeModel(join(folder, 'base'), family.base, CONFIG);
  for (const [i, model] of family.models.entries()) await writeModel(join(folder, `model-${i}`), model, CONFIG);
}

/** Merges `models` (numbers of the folders) into the folder `out`. */
async function merge(options: {
  method: string;
  parameters: Record<string, unknown>;
  models: readonly number[];
  dtype?: string;
  out?: string;
}) {
  const { method, parameters, models, dtype = 'float32', out = 'out' } = options;
  const text = JSON.stringify({
    merge_method: method,
    ...(method === 'linear' ? {} : { base_model: join(folder, 'base') }),
    models: models.map((i) => join(folder, `model-${i}`)),
    parameters,
    out_dtype: dtype,
  });
  return await mergeRecipe({ text, out: join(folder, out) });
}

describe.each(WITH_BASE)('$title', (variant) => {
  test('with lambda 0 gives the base', async () => {
    const family = randomFamily({ seed: 21, models: 3 });
    await writeFamily(family);
    const { tensors } = await merge({
      ...variant,
      parameters: { ...variant.parameters, lambda: 0 },
      models: [0, 1, 2],
    });
    expect(flatValues(tensors)).toEqual(flatValues(family.base));
  });

  test('of models that never left the base gives the base', async () => {
    const { base } = randomFamily({ seed: 22, models: 1 });
    await writeFamily({ base, models: [base, base] });
    const { tensors } = await merge({ ...variant, models: [0, 1] });
    expect(flatValues(tensors)).toEqual(flatValues(base));
  });
});

test.each(VARIANTS)('$title: the order of the models does not matter', async (variant) => {
  await writeFamily(randomFamily({ seed: 23, models: 3 }));
  const one = flatValues((await merge({ ...variant, models: [0, 1, 2], out: 'one' })).tensors);
  const two = flatValues((await merge({ ...variant, models: [2, 0, 1], out: 'two' })).tensors);
  // The order of a sum of three floats may move its last bits.
  expect([...one.keys()].filter((i) => Math.abs((one[i] as number) - (two[i] as number)) > 5e-7)).toEqual([]);
});

test('the mean of equal models is the model', async () => {
  const family = randomFamily({ seed: 24, models: 1 });
  await writeFamily(family);
  const { tensors } = await merge({ method: 'linear', parameters: {}, models: [0, 0, 0, 0] });
  const model = flatValues(family.models[0] as Map<string, TensorData>);
  const found = flatValues(tensors);
  expect([...model.keys()].filter((i) => Math.abs((found[i] as number) - (model[i] as number)) > 5e-7)).toEqual([]);
});

test('task arithmetic with lambda 1/N is the mean', async () => {
  await writeFamily(randomFamily({ seed: 25, models: 4 }));
  const models = [0, 1, 2, 3];
  const sum = flatValues(
    (await merge({ method: 'task_arithmetic', parameters: { lambda: 0.25 }, models, out: 'ta' })).tensors,
  );
  const mean = flatValues((await merge({ method: 'linear', parameters: {}, models, out: 'mean' })).tensors);
  expect([...sum.keys()].filter((i) => Math.abs((sum[i] as number) - (mean[i] as number)) > 1e-6)).toEqual([]);
});

describe('values that cannot be merged or stored are an error that names tensor and index:', () => {
  const one = (values: number[]) =>
    new Map([['layer.weight', storeValues(Float32Array.from(values), [values.length], 'F32')]]);

  test.each([
    ['NaN', Number.NaN, 'NaN'],
    ['infinity', Number.POSITIVE_INFINITY, 'Infinity'],
  ])('%s in an input', async (_, value, shown) => {
    const values = Array.from({ length: 70_000 }, () => 1);
    const broken = values.with(65_541, value);
    await writeFamily({ base: one(values), models: [one(values), one(broken)] });
    for (const { method, parameters } of VARIANTS) {
      await expect(merge({ method, parameters, models: [0, 1] })).rejects.toMatchObject({
        name: 'TensorError',
        message: expect.stringMatching(new RegExp(`model-1.*"layer.weight".*${shown} at index 65541`, 's')),
      });
    }
  });

  test('overflow on narrowing', async () => {
    const base = one([1, 1, 1]);
    await writeFamily({ base, models: [one([1, 40_000, 1]), one([1, 40_000, 1])] });
    const parameters = { lambda: 1 };
    await expect(
      merge({ method: 'task_arithmetic', parameters, models: [0, 1], dtype: 'float16' }),
    ).rejects.toMatchObject({ name: 'TensorError', message: expect.stringMatching(/layer\.weight.*index 1/s) });
    const { tensors } = await merge({
      method: 'task_arithmetic',
      parameters,
      models: [0, 1],
      dtype: 'bfloat16',
      out: 'wide',
    });
    expect(flatValues(tensors)).toEqual(Float64Array.of(1, 79_872, 1));
  });
});
