import type { StoredTensor } from '@hubfuse/tensors';
import { composeModel, type GraphOptions } from '../build-graph.ts';
import { storedElementType } from '../graph-builder.ts';
import { pruneGraph } from '../prune-graph.ts';
import { isLookedUp, LOGITS } from './graph-with-gradients.ts';

/** A tensor that a model's answers depend on. */
export interface DifferentiableTensor {
  /** Canonical name. */
  name: string;
  tensor: StoredTensor;
  /** Whether the graph looks up some of its rows, and does nothing else with it. */
  lookedUp: boolean;
}

/**
 * The stored tensors that a classifier's logits depend on, in the order of its graph. Tensors that the graph does not
 * use (a pooler under a head for tokens) and the names of tied tensors that are not stored are absent.
 * @throws GraphError where the graph cannot be built
 */
export function findDifferentiable(
  options: Omit<GraphOptions, 'outputs' | 'taps' | 'gradients'>,
): DifferentiableTensor[] {
  const { graph } = composeModel(options, (tensor) => ({
    elementType: storedElementType(tensor),
    data: { kind: 'streamed', length: tensor.bytes, key: tensor },
  }));
  const needed = pruneGraph({ ...graph, outputs: graph.outputs.filter(({ name }) => name === LOGITS) });
  return needed.initializers.flatMap((initializer) => {
    const { name, data } = initializer;
    if (data.kind !== 'streamed') return [];
    return [{ name, tensor: data.key as StoredTensor, lookedUp: isLookedUp(needed, initializer) }];
  });
}
