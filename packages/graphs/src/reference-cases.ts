import { readFile } from 'node:fs/promises';
import { GraphError } from '@hubfuse/plugin';
import { parseHeader, type StoredTensor } from '@hubfuse/tensors';
import type { GraphTensor } from './run-graph.ts';

/** Inputs of a model and what it must return for them, as one prefix of an `io.safetensors` names them. */
export interface ReferenceCase {
  /** `batch`, or the prefix of the names without its dot (`single`). */
  name: string;
  inputs: Record<string, GraphTensor>;
  /** By name of the graph's output: `logits`, `hidden_states.0`. */
  expected: Record<string, ReferenceTensor>;
}

export interface ReferenceTensor {
  /** The name in the file without the case's prefix: `output.logits`, `hidden.0`. */
  name: string;
  values: Float32Array;
  dimensions: number[];
}

const NAME = /^(?:(?<prefix>.+)\.)?(?<role>input|output|hidden)\.(?<name>.+?)$/;

/**
 * Reads the cases of an `io.safetensors`: inputs under `input.`, results under `output.` and `hidden.`, each with the
 * case's prefix in front.
 * @throws GraphError where a tensor belongs to no case or has a type that no input or output has
 */
export async function readReferenceCases(path: string): Promise<ReferenceCase[]> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new GraphError({
      code: 'graph/reference-case',
      where: path,
      message: 'the inputs and expected outputs cannot be read',
      hint: 'a model is checked against an io.safetensors beside its weights: input.<name>, output.<name>, hidden.<i>',
      cause,
    });
  });
  const cases = new Map<string, ReferenceCase>();
  for (const tensor of parseHeader(bytes, { file: path, fileSize: bytes.length }).tensors) {
    const { prefix, role, name = '' } = NAME.exec(tensor.name)?.groups ?? {};
    if (role === undefined) throw unusable(path, tensor, 'belongs to no input or output');
    const key = prefix ?? 'batch';
    const found = cases.get(key) ?? { name: key, inputs: {}, expected: {} };
    cases.set(key, found);
    const { data, dimensions } = readTensor(bytes, tensor, path);
    if (role === 'input') {
      found.inputs[name] = { data, dimensions };
    } else if (data instanceof Float32Array) {
      const output = role === 'output' ? name : `hidden_states.${name}`;
      found.expected[output] = { name: `${role}.${name}`, values: data, dimensions };
    } else {
      throw unusable(path, tensor, 'is an expected result that is not float32');
    }
  }
  return [...cases.values()];
}

function readTensor(bytes: Uint8Array, tensor: StoredTensor, path: string): GraphTensor {
  const { offset, bytes: length, shape, dtype } = tensor;
  // A copy of its own: offsets inside the file need not be aligned.
  const own = new Uint8Array(bytes.subarray(offset, offset + length)).buffer;
  if (dtype === 'F32') return { data: new Float32Array(own), dimensions: [...shape] };
  if (dtype === 'I64') return { data: new BigInt64Array(own), dimensions: [...shape] };
  throw unusable(path, tensor, `is stored as ${dtype}, neither I64 nor F32`);
}

function unusable(path: string, tensor: StoredTensor, reason: string): GraphError {
  return new GraphError({
    code: 'graph/reference-case',
    where: path,
    message: `the tensor "${tensor.name}" ${reason}`,
    hint: 'name the tensors input.<name>, output.<name> and hidden.<i>, each with the prefix of its case in front',
  });
}
