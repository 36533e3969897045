import { composeGraph, type GraphOptions } from './build-graph.ts';
import { storedElementType } from './graph-builder.ts';

/**
 * Heads of every attention of a model: what its scores take of memory, which no weight tells.
 * @throws GraphError where the graph cannot be built
 */
export function attentionHeads(options: Omit<GraphOptions, 'outputs' | 'taps' | 'gradients'>): readonly number[] {
  const builder = composeGraph(options, (tensor) => ({
    elementType: storedElementType(tensor),
    data: { kind: 'streamed', length: tensor.bytes, key: tensor },
  }));
  return builder.attentionHeads;
}
