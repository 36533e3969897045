import { join } from 'node:path';
import type { ModelStatistics } from '@hubfuse/plugin';
import { type TensorData, writeSafetensors } from '@hubfuse/tensors';
import { type ExecuteOptions, mergeRecipe, writeModel } from './merge-recipe.ts';
import { plainStatistics } from './plain-statistics.ts';
import { storeValues } from './random-models.ts';
import { normalNumbers } from './random-numbers.ts';

export const INPUTS = 11;
export const OUTPUTS = 7;
export const LAYER = 'layer.0.c_fc';
const BIAS = `${LAYER}.bias`;

/** A model with one linear layer, and the second moments of the layer's inputs. */
export interface LinearModel {
  /** OUTPUTS x INPUTS. */
  weight: Float64Array;
  bias: Float64Array;
  /** INPUTS x INPUTS. */
  gram: Float64Array;
}

/** Values that float32 holds, so that what is stored is what was drawn. */
const narrow = (values: Iterable<number>) => Float64Array.from(Float32Array.from(values));

/** `rows` inputs of a linear layer are behind each Gram matrix: fewer than INPUTS leave it without full rank. */
export function linearModels(options: {
  seed: number;
  models: number;
  rows?: number;
  unused?: number[];
}): LinearModel[] {
  const { seed, models, rows = 40, unused = [] } = options;
  const normal = normalNumbers(seed);
  return Array.from({ length: models }, () => {
    const weight = narrow(Array.from({ length: INPUTS * OUTPUTS }, normal));
    const bias = narrow(Array.from({ length: OUTPUTS }, normal));
    const inputs = Array.from({ length: rows }, () =>
      Array.from({ length: INPUTS }, (_, i) => (unused.includes(i) ? 0 : normal() + 0.3)),
    );
    const gram = Array.from({ length: INPUTS * INPUTS }, (_, at) => {
      const [i, j] = [Math.floor(at / INPUTS), at % INPUTS].sort((a, b) => a - b) as [number, number];
      return inputs.reduce((sum, x) => sum + (x[i] as number) * (x[j] as number), 0) / rows;
    });
    return { weight, bias, gram: Float64Array.from(gram) };
  });
}

export interface RegMeanOptions extends Pick<ExecuteOptions, 'workers'> {
  folder: string;
  models: readonly LinearModel[];
  parameters?: Record<string, unknown>;
  weights?: readonly number[];
  /** How Gram matrices are stored. */
  form?: 'square' | 'triangle';
  /** Store weights as inputs x outputs, as GPT-2 does. */
  transposed?: boolean;
  /** Rows that the statistics say they have. */
  rows?: number;
}

/** Merges and gives back the layer's weight as OUTPUTS x INPUTS, its bias, and what was said about it. */
export async function mergeLinearModels(options: RegMeanOptions) {
  const { folder, models, parameters = {}, weights, transposed = false } = options;
  const statistics: ModelStatistics[] = [];
  for (const [i, model] of models.entries()) {
    const shape = transposed ? [INPUTS, OUTPUTS] : [OUTPUTS, INPUTS];
    const weight = transposed ? transpose(model.weight, [OUTPUTS, INPUTS]) : model.weight;
    const tensors = new Map<string, TensorData>([
      [`${LAYER}.weight`, storeValues(Float32Array.from(weight), shape, 'F32')],
      [BIAS, storeValues(Float32Array.from(model.bias), [OUTPUTS], 'F32')],
    ]);
    const config = { model_type: transposed ? 'gpt2' : 'other', architectures: ['Other'] };
    await writeModel(join(folder, `model-${i}`), tensors, config);
    statistics.push(await writeGram(join(folder, `gram-${i}.safetensors`), model.gram, options));
  }
  const text = JSON.stringify({
    merge_method: 'regmean',
    models: models.map((_, i) => ({
      model: join(folder, `model-${i}`),
      ...(weights === undefined ? {} : { parameters: { weight: weights[i] } }),
    })),
    parameters,
    out_dtype: 'float32',
  });
  const { workers = 1 } = options;
  const { tensors, result, plan } = await mergeRecipe({ text, out: join(folder, 'out'), statistics, workers });
  const merged = values(tensors.get(`${LAYER}.weight`));
  return {
    weight: transposed ? transpose(merged, [INPUTS, OUTPUTS]) : merged,
    bias: values(tensors.get(BIAS)),
    layers: result.layers,
    plan,
  };
}

async function writeGram(path: string, gram: Float64Array, options: RegMeanOptions): Promise<ModelStatistics> {
  const triangle = [...gram.keys()].filter((at) => at % INPUTS >= Math.floor(at / INPUTS));
  const [stored, shape] =
    options.form === 'triangle'
      ? [Float64Array.from(triangle, (at) => gram[at] as number), [triangle.length]]
      : [gram, [INPUTS, INPUTS]];
  const data = new Uint8Array(stored.slice().buffer);
  await writeSafetensors(path, new Map([[LAYER, { dtype: 'F64', shape, data }]]), {});
  const rows = options.rows === undefined ? new Map() : new Map([[LAYER, options.rows]]);
  return plainStatistics(path, { kind: 'gram', variant: 'mask' }, rows);
}

function values(tensor: TensorData | undefined): Float64Array {
  if (tensor === undefined) throw new Error('the layer is missing');
  return Float64Array.from(new Float32Array(tensor.data.slice().buffer));
}

function transpose(matrix: Float64Array, [rows, columns]: [number, number]): Float64Array {
  return Float64Array.from({ length: rows * columns }, (_, at) => {
    return matrix[(at % rows) * columns + Math.floor(at / rows)] as number;
  });
}

/** RegMean by Gauss-Jordan elimination with row pivoting, in float64: shares nothing with the product's solver. */
export function referenceWeight(
  models: readonly LinearModel[],
  options: { alpha: number; weights: readonly number[] },
) {
  const left: Float64Array[] = Array.from({ length: INPUTS }, () => new Float64Array(INPUTS + OUTPUTS));
  models.forEach(({ weight, gram }, model) => {
    const coefficient = options.weights[model] as number;
    for (let i = 0; i < INPUTS; i++) {
      const row = left[i] as Float64Array;
      for (let j = 0; j < INPUTS; j++) {
        const moment = coefficient * (gram[i * INPUTS + j] as number) * (i === j ? 1 : options.alpha);
        row[j] = (row[j] as number) + moment;
        for (let o = 0; o < OUTPUTS; o++) {
          row[INPUTS + o] = (row[INPUTS + o] as number) + moment * (weight[o * INPUTS + j] as number);
        }
      }
    }
  });
  for (let column = 0; column < INPUTS; column++) {
    let best = column;
    for (let row = column; row < INPUTS; row++) {
      if (Math.abs(left[row]?.[column] ?? 0) > Math.abs(left[best]?.[column] ?? 0)) best = row;
    }
    [left[column], left[best]] = [left[best] as Float64Array, left[column] as Float64Array];
    const pivot = left[column] as Float64Array;
    const scale = pivot[column] as number;
    for (let k = 0; k < pivot.length; k++) pivot[k] = (pivot[k] as number) / scale;
    for (const row of left) {
      const factor = row[column] as number;
      if (row === pivot || factor === 0) continue;
      for (let k = 0; k < row.length; k++) row[k] = (row[k] as number) - factor * (pivot[k] as number);
    }
  }
  return Float64Array.from({ length: INPUTS * OUTPUTS }, (_, at) => {
    return left[at % INPUTS]?.[INPUTS + Math.floor(at / INPUTS)] as number;
  });
}
