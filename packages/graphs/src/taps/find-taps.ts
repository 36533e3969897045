import { composeModel, type GraphOptions } from '../build-graph.ts';
import { storedElementType } from '../graph-builder.ts';
import { findLinearLayers } from './linear-layers.ts';
import { type Tap, tapsOf } from './taps.ts';

/**
 * The distinct inputs of a model's linear layers, in the order of its graph.
 * @throws GraphError where the graph cannot be built
 */
export function findTaps(options: Omit<GraphOptions, 'outputs' | 'taps'>): Tap[] {
  // A tap reads every token, as hidden states do.
  const { graph } = composeModel({ ...options, outputs: 'hidden-states' }, (tensor) => ({
    elementType: storedElementType(tensor),
    data: { kind: 'external', location: tensor.file, offset: tensor.offset, length: tensor.bytes },
  }));
  return tapsOf(findLinearLayers(graph));
}
