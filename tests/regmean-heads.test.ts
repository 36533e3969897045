import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSafetensors, type TensorData, toFloat32, writeSafetensors } from '@hubfuse/tensors';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { mergeRecipe, writeModel } from './merge-recipe.ts';
import { plainStatistics } from './plain-statistics.ts';
import { storeValues } from './random-models.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hubfuse-heads-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

interface Head {
  labels: readonly string[];
  /** Two values per label. */
  rows: readonly (readonly [number, number])[];
  weight?: number;
}

async function mergeHeads(heads: readonly Head[], more: Record<string, unknown> = {}) {
  const statistics = [];
  for (const [i, { labels, rows }] of heads.entries()) {
    const tensors = new Map<string, TensorData>([
      ['classifier.weight', storeValues(Float32Array.from(rows.flat()), [rows.length, 2], 'F32')],
      [
        'classifier.bias',
        storeValues(
          Float32Array.from(rows, ([first]) => 10 * first),
          [rows.length],
          'F32',
        ),
      ],
      ['layer.0.bias', storeValues(Float32Array.of(i), [1], 'F32')],
    ]);
    const id2label = Object.fromEntries(labels.map((label, at) => [at, label]));
    await writeModel(join(folder, `model-${i}`), tensors, { model_type: 'other', architectures: ['Other'], id2label });
    const gram = { dtype: 'F32' as const, shape: [2, 2], data: new Uint8Array(Float32Array.of(1, 0, 0, 1).buffer) };
    const path = join(folder, `gram-${i}.safetensors`);
    await writeSafetensors(path, new Map([['classifier', gram]]));
    statistics.push(await plainStatistics(path, { kind: 'gram', variant: 'mask' }));
  }
  const text = JSON.stringify({
    merge_method: 'regmean',
    models: heads.map(({ weight = 1 }, i) => ({ model: join(folder, `model-${i}`), parameters: { weight } })),
    ...more,
  });
  const out = join(folder, 'out');
  const { plan, tensors } = await mergeRecipe({ text, out, statistics });
  const values = (name: string) => {
    const tensor = tensors.get(name);
    return tensor === undefined ? undefined : [...toFloat32(tensor.data, tensor.dtype)];
  };
  return { plan, out, weight: values('classifier.weight'), bias: values('classifier.bias') };
}

const joy: Head = {
  labels: ['joy', 'anger'],
  rows: [
    [1, 2],
    [3, 4],
  ],
};
const fear: Head = {
  labels: ['fear', 'joy'],
  rows: [
    [5, 6],
    [7, 8],
  ],
  weight: 3,
};
const taste: Head = {
  labels: ['sweet', 'sour', 'salty'],
  rows: [
    [0, 0],
    [1, 1],
    [2, 2],
  ],
};

test('where label sets overlap, each row is averaged over the models that know its label, by name', async () => {
  const { plan, weight, bias } = await mergeHeads([joy, fear]);
  expect(plan.config.id2label).toEqual({ 0: 'joy', 1: 'anger', 2: 'fear' });
  expect(plan.config.label2id).toEqual({ joy: 0, anger: 1, fear: 2 });
  expect(weight).toEqual([(1 + 3 * 7) / 4, (2 + 3 * 8) / 4, 3, 4, 5, 6]);
  expect(bias).toEqual([(10 + 3 * 70) / 4, 30, 50]);
  expect(plan.tensors.find(({ name }) => name === 'classifier.weight')).toMatchObject({
    rule: 'labels',
    shape: [3, 2],
    note: expect.stringContaining('one head over 3 labels'),
  });
});

test('a label that only models of weight 0 know keeps their row', async () => {
  const { weight } = await mergeHeads([joy, { ...fear, weight: 0 }]);
  expect(weight).toEqual([1, 2, 3, 4, 5, 6]);
});

test('heads of tasks without a common label are kept apart, unless the recipe asks for one head', async () => {
  const apart = await mergeHeads([joy, taste]);
  expect(apart.weight).toBeUndefined();
  expect(apart.plan.heads.map(({ labels }) => labels)).toEqual([joy.labels, taste.labels]);
  expect((await readSafetensors(join(apart.out, 'heads', 'model-1.safetensors'))).tensors.size).toBe(2);
  const together = await mergeHeads([joy, taste], { heads: 'merge' });
  expect(together.weight).toEqual([1, 2, 3, 4, 0, 0, 1, 1, 2, 2]);
});

test('equal labels in another order are solved by name like any layer', async () => {
  const swapped: Head = {
    labels: ['anger', 'joy'],
    rows: [
      [3, 4],
      [1, 2],
    ],
  };
  const { weight, plan } = await mergeHeads([joy, swapped]);
  expect(weight).toEqual([1, 2, 3, 4]);
  expect(plan.tensors.find(({ name }) => name === 'classifier.weight')?.linear).toMatchObject({
    inputs: 2,
    outputs: 2,
  });
});
