import { readFile } from 'node:fs/promises';
import { readSafetensors, type TensorData, toFloat64 } from '@hubfuse/tensors';

/** Where each tensor lies in the flat vector of a model. */
export interface Layout {
  size: number;
  tensors: readonly { name: string; shape: readonly number[]; offset: number }[];
}

export async function readLayout(path: string): Promise<Layout> {
  return JSON.parse(await readFile(path, 'utf8')) as Layout;
}

/** All scalars of a model in one vector. @throws where a tensor is missing or one too many */
export function flatten(tensors: ReadonlyMap<string, TensorData>, layout: Layout): Float64Array {
  const vector = new Float64Array(layout.size);
  for (const { name, offset } of layout.tensors) {
    const tensor = tensors.get(name);
    if (tensor === undefined) throw new Error(`the tensor ${name} is missing`);
    vector.set(toFloat64(tensor.data, tensor.dtype), offset);
  }
  if (tensors.size !== layout.tensors.length) {
    throw new Error(`there are ${tensors.size} tensors instead of ${layout.tensors.length}`);
  }
  return vector;
}

/** A model of one flat vector, in float32. */
export function unflatten(vector: Float64Array, layout: Layout): Map<string, TensorData> {
  return new Map(
    layout.tensors.map(({ name, shape, offset }) => {
      const length = shape.reduce((product, size) => product * size, 1);
      const data = new Uint8Array(Float32Array.from(vector.subarray(offset, offset + length)).buffer);
      return [name, { dtype: 'F32', shape, data }];
    }),
  );
}

/** Reads `file.safetensors:name` below a folder as float64. */
export async function readValues(folder: string, key: string): Promise<Float64Array> {
  const split = key.lastIndexOf('.safetensors:') + '.safetensors'.length;
  const { tensors } = await readSafetensors(`${folder}/${key.slice(0, split)}`);
  const tensor = tensors.get(key.slice(split + 1));
  if (tensor === undefined) throw new Error(`${key} is missing`);
  return toFloat64(tensor.data, tensor.dtype);
}
