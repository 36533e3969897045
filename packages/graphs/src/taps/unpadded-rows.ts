import type { TokenPlaces } from '../graph-builder.ts';
import type { OnnxGraph, OnnxNode } from '../onnx-model.ts';

/** Operators whose result has the rows of their first input, whatever the others are. */
const OF_THE_FIRST = new Set(['Gather', 'Reshape']);

/**
 * The values of an unpadded graph that surely have no rows for padding: all that they are computed from, but for weights, was taken
 * from the places of tokens, and has been put back into places nowhere since.
 * @param places where the graph's tokens are; absent: nothing is known of any value
 */
export function unpaddedRows(graph: OnnxGraph, places: TokenPlaces | undefined): ReadonlySet<string> {
  const unpadded = new Set<string>();
  if (places === undefined) return unpadded;
  const constants = new Set(['', ...graph.initializers.map(({ name }) => name)]);
  const isUnpadded = ({ operator, inputs }: OnnxNode): boolean => {
    const [, indices] = inputs;
    if (operator === 'Gather' && indices === places.placesOfRows.name) return true;
    if (operator === 'Gather' && indices === places.rowsOfPlaces.name) return false;
    const rows = OF_THE_FIRST.has(operator) ? inputs.slice(0, 1) : inputs;
    return rows.every((name) => constants.has(name) || unpadded.has(name));
  };
  for (const node of graph.nodes) {
    const own = node.inputs.every((name) => constants.has(name)) ? constants : isUnpadded(node) ? unpadded : undefined;
    for (const output of node.outputs) own?.add(output);
  }
  return unpadded;
}
