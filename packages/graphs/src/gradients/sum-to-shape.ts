import { GraphError } from '@hubfuse/plugin';
import type { GraphBuilder, Value } from '../graph-builder.ts';
import type { Dimension } from './dimension.ts';

/**
 * Undoes broadcasting: sums a value of shape `from` over the axes along which a value of shape `to` was repeated.
 * @throws GraphError where the shapes do not tell which axes these are
 */
export function sumToShape(
  builder: GraphBuilder,
  value: Value,
  { from, to }: { from: readonly Dimension[]; to: readonly Dimension[] },
): Value {
  const extra = from.length - to.length;
  const leading = Array.from({ length: Math.max(0, extra) }, (_, axis) => axis);
  const repeated = to.flatMap((size, axis) => (size === 1 && from[axis + extra] !== 1 ? [axis + extra] : []));
  const fits = extra >= 0 && to.every((size, axis) => size === 1 || size === from[axis + extra]);
  if (!fits) {
    throw new GraphError({
      code: 'graph/unknown-shape',
      where: value.name,
      message: `a gradient of shape [${from.join(', ')}] does not fit a value of shape [${to.join(', ')}]`,
    });
  }
  const inner = repeated.length === 0 ? value : builder.node('ReduceSum', [value, builder.constant('int64', repeated)]);
  if (leading.length === 0) return inner;
  return builder.node('ReduceSum', [inner, builder.constant('int64', leading)], { keepdims: 0 });
}
