import { fromFloat32, type TensorData, toFloat64 } from '@hubfuse/tensors';
import { normalNumbers, randomNumbers } from './random-numbers.ts';

export type Storage = 'F32' | 'F16' | 'BF16';
export type Shapes = Readonly<Record<string, readonly number[]>>;

/** Tensors of all ranks, sizes that no vector length divides, one element, none. */
export const SHAPES: Shapes = {
  'embeddings.weight': [37, 13],
  'layer.0.weight': [29, 31],
  'layer.0.bias': [31],
  'layer.1.weight': [3, 5, 7],
  'layer.1.bias': [1],
  scale: [],
  nothing: [0, 4],
};

const elements = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1);

export function storeValues(values: Float32Array, shape: readonly number[], storage: Storage): TensorData {
  return { dtype: storage, shape, data: fromFloat32(values, storage).data };
}

/** A base and fine-tunes of it: deltas of mixed size, some tensors and some single values left as they are. */
export function randomFamily(options: { seed: number; models: number; shapes?: Shapes; storage?: Storage }): {
  base: Map<string, TensorData>;
  models: Map<string, TensorData>[];
} {
  const { seed, models, shapes = SHAPES, storage = 'F32' } = options;
  const normal = normalNumbers(seed);
  const random = randomNumbers(seed + 1);
  const base = new Map<string, TensorData>();
  const fineTunes = Array.from({ length: models }, () => new Map<string, TensorData>());
  for (const [name, shape] of Object.entries(shapes)) {
    const values = Float32Array.from({ length: elements(shape) }, () => normal());
    base.set(name, storeValues(values, shape, storage));
    for (const model of fineTunes) {
      const size = random() < 0.1 ? 0 : 0.02 * (0.1 + random());
      const moved = values.map((value) => (random() < 0.1 ? value : value + size * normal() * (1 + random() ** 4 * 9)));
      model.set(name, storeValues(moved, shape, storage));
    }
  }
  return { base, models: fineTunes };
}

/** The values of all tensors after one another, in order of name. */
export function flatValues(tensors: ReadonlyMap<string, TensorData>): Float64Array {
  const parts = [...tensors].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, { data, dtype }]) => toFloat64(data, dtype));
  const all = new Float64Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    all.set(part, offset);
    offset += part.length;
  }
  return all;
}
