import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { factorValues, type ModelStatistics } from '@hubfuse/plugin';
import { KernelInstance, KernelMemory, type TensorData, writeSafetensors } from '@hubfuse/tensors';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { mergeRecipe, writeModel } from './merge-recipe.ts';
import { plainStatistics } from './plain-statistics.ts';
import { storeValues } from './random-models.ts';
import { randomNumbers } from './random-numbers.ts';

// Layers that are wide enough for onnxruntime to take their products: same bytes for any number of workers, and the
// solution that the kernels find alone.

/** Two blocks of a factor, the second not full. */
const INPUTS = 300;
const OUTPUTS = 24;
const LAYERS = ['layer.0', 'layer.1', 'layer.2'];
const MODELS = 3;
const ALPHA = 0.9;

interface Layer {
  weight: Float32Array;
  gram: Float64Array;
}

let folder: string;
const models: Map<string, Layer>[] = [];
const statistics: ModelStatistics[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hubfuse-large-'));
  const random = randomNumbers(7);
  for (let i = 0; i < MODELS; i++) {
    const layers = new Map(LAYERS.map((name) => [name, { weight: randomWeight(random), gram: randomGram(random) }]));
    models.push(layers);
    const tensors = new Map<string, TensorData>(
      [...layers].map(([name, { weight }]) => [`${name}.weight`, storeValues(weight, [OUTPUTS, INPUTS], 'F32')]),
    );
    await writeModel(join(folder, `model-${i}`), tensors, { model_type: 'other', architectures: ['Other'] });
    const path = join(folder, `gram-${i}.safetensors`);
    const grams = [...layers].map(([name, { gram }]) => {
      return [name, { dtype: 'F64', shape: [INPUTS, INPUTS], data: new Uint8Array(gram.slice().buffer) }] as const;
    });
    await writeSafetensors(path, new Map(grams), {});
    statistics.push(await plainStatistics(path, { kind: 'gram', variant: 'mask' }));
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function randomWeight(random: () => number): Float32Array {
  return Float32Array.from({ length: OUTPUTS * INPUTS }, () => random() - 0.5);
}

/** Of fewer rows than inputs: only alpha makes the equations solvable. */
function randomGram(random: () => number): Float64Array {
  const rows = Array.from({ length: 40 }, () => Float64Array.from({ length: INPUTS }, () => random() - 0.3));
  const gram = new Float64Array(INPUTS * INPUTS);
  for (const x of rows) {
    for (let i = 0; i < INPUTS; i++) {
      for (let j = 0; j <= i; j++) {
        gram[i * INPUTS + j] = (gram[i * INPUTS + j] as number) + ((x[i] as number) * (x[j] as number)) / rows.length;
      }
    }
  }
  for (let i = 0; i < INPUTS; i++) for (let j = 0; j < i; j++) gram[j * INPUTS + i] = gram[i * INPUTS + j] as number;
  return gram;
}

async function merge(workers: number) {
  const recipe = {
    merge_method: 'regmean',
    models: models.map((_, i) => join(folder, `model-${i}`)),
    parameters: { alpha: ALPHA },
    out_dtype: 'float32',
  };
  const out = join(folder, `out-${workers}`);
  const { tensors, result } = await mergeRecipe({ text: JSON.stringify(recipe), out, statistics, workers });
  return { files: result.files, layers: result.layers, tensors };
}

/** The same equations, by kernels alone. */
async function solveByKernels(name: string): Promise<Float64Array> {
  const memory = new KernelMemory();
  const { matrix } = new KernelInstance(memory);
  memory.reserve(64 << 20);
  const left = memory.float64(INPUTS * INPUTS);
  const right = memory.float64(OUTPUTS * INPUTS);
  for (const layers of models) {
    const { weight, gram } = layers.get(name) as Layer;
    const moments = memory.float64(INPUTS * INPUTS);
    moments.set(gram.map((value, at) => (at % (INPUTS + 1) === 0 ? value : ALPHA * value)));
    const rows = memory.float64(OUTPUTS * INPUTS);
    rows.set(weight);
    matrix.addScaled(left, moments, 1);
    await matrix.multiplyAdd(right, rows, moments, { rows: OUTPUTS, inner: INPUTS, columns: INPUTS });
  }
  const factor = memory.float64(factorValues(INPUTS));
  await matrix.factor(factor, left, { size: INPUTS, tolerance: 1e-14 });
  await matrix.solve(right, factor, { size: INPUTS, room: memory.float64(OUTPUTS * INPUTS) });
  return Float64Array.from(right);
}

test('large layers have the same bytes for any number of workers, and the solution that kernels find alone', async () => {
  const one = await merge(1);
  expect(one.layers.map(({ tensor }) => tensor)).toEqual(LAYERS.map((name) => `${name}.weight`));
  for (const { residual, notes, products } of one.layers) {
    expect(residual).toBeLessThan(1e-13);
    expect(notes).toEqual([]);
    expect(products).toMatch(/^onnxruntime \d/);
  }
  for (const name of LAYERS) {
    const expected = await solveByKernels(name);
    const merged = new Float32Array(one.tensors.get(`${name}.weight`)?.data.slice().buffer ?? new ArrayBuffer(0));
    expect(merged).toHaveLength(expected.length);
    const worst = merged.reduce((most, value, i) => Math.max(most, Math.abs(value - (expected[i] as number))), 0);
    // Half a step of float32.
    expect(worst).toBeLessThan(1e-6);
  }
  const three = await merge(3);
  expect(three.files.map(({ sha256 }) => sha256)).toEqual(one.files.map(({ sha256 }) => sha256));
});

test('equal models give themselves where fewer rows than inputs leave no unique solution, and the log says what was done', async () => {
  const recipe = {
    merge_method: 'regmean',
    models: [join(folder, 'model-0'), join(folder, 'model-0')],
    parameters: { alpha: 1 },
    out_dtype: 'float32',
  };
  const own = [statistics[0] as ModelStatistics, statistics[1] as ModelStatistics];
  const out = join(folder, 'equal');
  const { tensors, result } = await mergeRecipe({ text: JSON.stringify(recipe), out, statistics: own });
  for (const { notes, residual } of result.layers) {
    expect(notes).toEqual([expect.stringMatching(/no unique solution; off-diagonals lowered by 1e-/)]);
    expect(residual).toBeLessThan(1e-4);
  }
  for (const name of LAYERS) {
    const merged = new Float32Array(tensors.get(`${name}.weight`)?.data.slice().buffer ?? new ArrayBuffer(0));
    const { weight } = (models[0] as Map<string, Layer>).get(name) as Layer;
    const worst = merged.reduce((most, value, i) => Math.max(most, Math.abs(value - (weight[i] as number))), 0);
    // The condition after lowering by 1e-10 leaves float64 four digits.
    expect(worst, name).toBeLessThan(1e-3);
  }
});
