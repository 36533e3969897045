import { type LinearLayer, type LinearReport, MergeError, type MethodProgram } from '@hubfuse/plugin';
import { type KernelInstance, type KernelMemory, LARGE, type LargeProducts } from '@hubfuse/tensors';
import type { PlannedLinear, PlannedTensor, StatisticPart, TensorPart } from '../plan/merge-plan.ts';
import type { BlockReader } from './block-reader.ts';
import type { BlockReference } from './units.ts';

/** What is to be said about one layer that was merged whole. */
export interface LayerNote extends LinearReport {
  /** Name of the output tensor. */
  tensor: string;
  /** Who computed the products of a large layer: a package and the processor, or `kernels`, our own. Absent: it is small. */
  products?: string;
}

/** Values of a transposed weight that are held at a time. */
const TRANSPOSED_VALUES = 1 << 18;

export interface LinearTensorOptions {
  tensor: PlannedTensor;
  program: MethodProgram;
  memory: KernelMemory;
  kernels: KernelInstance;
  /** Who takes the products of large layers, as the kernels know it. */
  large: LargeProducts;
  reader: BlockReader;
  statistics: BlockReader;
  /** Where the models have evolved: the tensor's blocks, and a model's values in one of them. */
  evolved?: { blocks: readonly BlockReference[]; values(model: number, block: BlockReference): Float32Array };
}

/**
 * Merges the weight of one linear layer as a whole.
 * @returns what the method says, and a function that copies merged values as they are stored, from an element on
 */
export async function mergeLinear(options: LinearTensorOptions): Promise<{
  note: LayerNote;
  values(offset: number, into: Float32Array): void;
}> {
  const { tensor, program, memory, kernels } = options;
  const { linear, name } = tensor;
  if (linear === undefined || program.linear === undefined) {
    throw new MergeError({ code: 'merge/no-linear-step', message: `the method cannot merge ${name} as a whole` });
  }
  const { inputs, outputs, transposed } = linear;
  const out = memory.float64(inputs * outputs);
  const layer: LinearLayer = {
    tensor: name,
    inputs,
    outputs,
    models: tensor.parts.length,
    parameters: tensor.parameters,
    matrices: kernels.matrix,
    rows: (model) => tensor.statistics?.[model]?.samples,
    readGram: (model, into) => readGram(options, { part: tensor.statistics?.[model] as StatisticPart, inputs, into }),
    readWeight(model, from, into) {
      const part = tensor.parts[model] as TensorPart;
      readWeight(storedValues(options, { model, part, rowLength: transposed ? outputs : inputs }), {
        linear,
        from,
        into,
      });
    },
    float64: (length) => memory.float64(length),
    out,
  };
  const report = await program.linear.merge(layer);
  const products = inputs < LARGE ? {} : { products: (await options.large())?.name ?? 'kernels' };
  return {
    note: { tensor: name, ...report, ...products },
    values(offset, into) {
      if (!transposed) into.set(out.subarray(offset, offset + into.length));
      else {
        for (let i = 0; i < into.length; i++) {
          const [input, output] = [Math.floor((offset + i) / outputs), (offset + i) % outputs];
          into[i] = out[output * inputs + input] as number;
        }
      }
    },
  };
}

/** Fills both triangles: a triangle is stored alone, and the two of a full matrix need not agree in the last bit. */
function readGram(
  { statistics }: LinearTensorOptions,
  options: { part: StatisticPart; inputs: number; into: Float64Array },
): void {
  const { part, inputs, into } = options;
  if (part.form === 'square') statistics.readDoubles(part, { offset: 0, into: into.subarray(0, inputs * inputs) });
  else {
    for (let row = 0, offset = 0; row < inputs; offset += inputs - row, row++) {
      statistics.readDoubles(part, { offset, into: into.subarray(row * (inputs + 1), (row + 1) * inputs) });
    }
  }
  for (let row = 0; row < inputs; row++) {
    for (let column = 0; column < row; column++) into[row * inputs + column] = into[column * inputs + row] as number;
  }
}

/** Reads values of a weight as it is stored, from an element on. */
type ReadValues = (offset: number, into: Float64Array) => void;

function storedValues(
  { reader, evolved }: LinearTensorOptions,
  options: { model: number; part: TensorPart; rowLength: number },
): ReadValues {
  const { model, part, rowLength } = options;
  if (evolved === undefined) return (offset, into) => reader.readDoubles(part, { offset, into, rowLength });
  return (from, into) => {
    const end = from + into.length;
    for (const block of evolved.blocks) {
      const [first, last] = [Math.max(from, block.offset), Math.min(end, block.offset + block.length)];
      if (first >= last) continue;
      const values = evolved.values(model, block).subarray(first - block.offset, last - block.offset);
      into.set(values, first - from);
    }
  };
}

/** Rows of the weight as outputs x inputs. */
function readWeight(read: ReadValues, options: { linear: PlannedLinear; from: number; into: Float64Array }): void {
  const { from, into } = options;
  const { inputs, outputs, transposed } = options.linear;
  if (!transposed) {
    read(from * inputs, into);
    return;
  }
  const count = into.length / inputs;
  // Rows of the stored matrix that are read at a time: whole ones, so that the file is read in long pieces.
  const rows = Math.max(1, Math.floor(TRANSPOSED_VALUES / outputs));
  for (let start = 0; start < inputs; start += rows) {
    const piece = new Float64Array(Math.min(rows, inputs - start) * outputs);
    read(start * outputs, piece);
    for (let row = 0; row * outputs < piece.length; row++) {
      for (let i = 0; i < count; i++) into[i * inputs + start + row] = piece[row * outputs + from + i] as number;
    }
  }
}
