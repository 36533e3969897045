import type { GraphBuilder, Value } from '../graph-builder.ts';

/** The size of a value along an axis: int64 [1]. */
export function sizeAlong(builder: GraphBuilder, value: Value, axis: number): Value {
  return builder.node('Gather', [builder.node('Shape', [value]), builder.constant('int64', [axis])]);
}
