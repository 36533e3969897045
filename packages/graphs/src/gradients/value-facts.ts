import type { OnnxGraph, OnnxTensor } from '../onnx-model.ts';
import { ElementType } from '../onnx-model.ts';
import type { Dimension } from './dimension.ts';
import type { ValueFacts } from './rule.ts';
import type { OperatorRules } from './rules.ts';

/** What is known of every value of a graph before it runs. Values of which nothing is known are absent. */
export function inferFacts(graph: OnnxGraph, rules: OperatorRules): ReadonlyMap<string, ValueFacts> {
  const facts = new Map<string, ValueFacts>();
  for (const { name, dimensions } of graph.inputs) {
    if (dimensions?.every((size) => size !== undefined)) facts.set(name, { shape: dimensions as Dimension[] });
  }
  for (const tensor of graph.initializers) facts.set(tensor.name, initializerFacts(tensor));
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((name) => facts.get(name));
    const known = node.domain === '' ? rules.get(node.operator)?.infer({ node, inputs }) : undefined;
    if (known !== undefined) facts.set(node.outputs[0] ?? '', known);
  }
  return facts;
}

function initializerFacts({ dimensions, elementType, data }: OnnxTensor): ValueFacts {
  if (elementType !== ElementType.int64 || data.kind !== 'inline') return { shape: dimensions };
  const { buffer, byteOffset, byteLength } = data.bytes;
  const view = new DataView(buffer, byteOffset, byteLength);
  const elements = Array.from({ length: byteLength / 8 }, (_, index) => Number(view.getBigInt64(index * 8, true)));
  return { shape: dimensions, elements };
}
