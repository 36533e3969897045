import { elementCount } from '@hubfuse/tensors';
import type { OnnxGraph, OnnxNode, OnnxTensor } from '../onnx-model.ts';

/** A linear layer of a graph: a weight matrix of the checkpoint that rows are multiplied with. */
export interface LinearLayer {
  /** Canonical name of the module: that of the weight without `.weight`. */
  name: string;
  /** Width of the layer's input. */
  width: number;
  /** Elements of its weight. */
  parameters: number;
  /** The values that it reads, in the order of the graph: one, or more where a module is applied several times. */
  inputs: readonly string[];
}

/** Operators whose result is the weight itself in another type or order. */
const VIEWS = new Set(['Cast', 'Transpose', 'Identity']);

/**
 * The linear layers of a graph, in its order, found by structure: a stored matrix that is multiplied from the right and
 * has no other use. A matrix that is also looked up in (an output layer tied to the embeddings) is a table first, and no
 * layer.
 */
export function findLinearLayers(graph: OnnxGraph): LinearLayer[] {
  const weights = new Map(graph.initializers.filter(isStoredMatrix).map((tensor) => [tensor.name, tensor]));
  const views = new Map<string, View>([...weights].map(([name]) => [name, { weight: name, transposed: false }]));
  const layers = new Map<string, { width: number; inputs: string[] }>();
  const tables = new Set<string>();
  for (const node of graph.nodes) {
    for (const [position, input] of node.inputs.entries()) {
      const view = views.get(input);
      if (view === undefined) continue;
      const [output] = node.outputs;
      if (VIEWS.has(node.operator) && output !== undefined) {
        views.set(output, viewThrough(node, view));
        continue;
      }
      const width = position === 1 ? inputWidth(node, view, weights) : undefined;
      const [rows] = node.inputs;
      if (width === undefined || rows === undefined) {
        tables.add(view.weight);
        continue;
      }
      const layer = layers.get(view.weight) ?? { width, inputs: [] };
      if (!layer.inputs.includes(rows)) layer.inputs.push(rows);
      layers.set(view.weight, layer);
    }
  }
  return [...layers]
    .filter(([weight]) => !tables.has(weight))
    .map(([weight, layer]) => ({
      name: weight.replace(/\.weight$/, ''),
      parameters: elementCount(weights.get(weight)?.dimensions ?? []),
      ...layer,
    }));
}

/** A value that holds a weight, possibly with its axes swapped. */
interface View {
  weight: string;
  transposed: boolean;
}

function isStoredMatrix({ data, dimensions }: OnnxTensor): boolean {
  return dimensions.length === 2 && (data.kind === 'external' || data.kind === 'streamed');
}

function viewThrough(node: OnnxNode, view: View): View {
  return node.operator === 'Transpose' ? { ...view, transposed: !view.transposed } : view;
}

/** The width of the rows that a product takes, or undefined where the node is no product of rows with the weight. */
function inputWidth(node: OnnxNode, view: View, weights: ReadonlyMap<string, OnnxTensor>): number | undefined {
  const transA = node.attributes.get('transA');
  if (transA?.kind === 'int' && transA.value !== 0n) return undefined;
  const transB = node.attributes.get('transB');
  const swapped = transB?.kind === 'int' && transB.value !== 0n;
  if (node.operator !== 'Gemm' && node.operator !== 'MatMul') return undefined;
  return weights.get(view.weight)?.dimensions[swapped === view.transposed ? 0 : 1];
}
