import { ElementType, type OnnxGraph, type OnnxNode, type OnnxTensor } from '../src/onnx-model.ts';
import { OPERATORS } from './interpreter-operators.ts';
import { type NdArray, size } from './nd-array.ts';

/**
 * Computes a graph in float64: a reference for what onnxruntime computes in float32, and steady enough for central
 * differences. Constants keep the rounding to float32 that they have in the graph.
 * @param values Inputs and weights by name.
 * @returns every value of the graph by name
 */
export function interpret(
  graph: Pick<OnnxGraph, 'nodes' | 'initializers'>,
  values: ReadonlyMap<string, NdArray>,
): ReadonlyMap<string, NdArray> {
  const known = new Map(values);
  for (const tensor of graph.initializers) {
    if (!known.has(tensor.name)) known.set(tensor.name, constant(tensor));
  }
  for (const node of graph.nodes) {
    const outputs = run(
      node,
      node.inputs.map((name) => (name === '' ? undefined : known.get(name))),
    );
    for (const [index, name] of node.outputs.entries()) {
      const output = outputs[index];
      if (output !== undefined) known.set(name, output);
    }
  }
  return known;
}

function run(node: OnnxNode, inputs: readonly (NdArray | undefined)[]): readonly NdArray[] {
  const operator = OPERATORS[node.operator];
  if (operator === undefined) throw new Error(`the interpreter does not know ${node.operator}`);
  const missing = node.inputs.find((name, index) => name !== '' && inputs[index] === undefined);
  if (missing !== undefined) throw new Error(`${node.name} reads ${missing}, which has no value`);
  const output = operator(node, inputs as readonly NdArray[]);
  return Array.isArray(output) ? (output as NdArray[]) : [output as NdArray];
}

function constant({ name, data, dimensions, elementType }: OnnxTensor): NdArray {
  if (data.kind !== 'inline') throw new Error(`the weight ${name} has no value`);
  const buffer = data.bytes.slice().buffer;
  const elements =
    elementType === ElementType.float32 ? new Float32Array(buffer) : Array.from(new BigInt64Array(buffer), Number);
  if (elements.length !== size(dimensions)) throw new Error(`the constant ${name} has another size`);
  return { dimensions, data: Float64Array.from(elements) };
}
