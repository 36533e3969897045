import type { GraphBuilder, Value } from '../../graph-builder.ts';
import type { Dimension } from '../dimension.ts';
import { broadcastShapes } from '../infer.ts';
import { defineRule } from '../rule.ts';
import { sumToShape } from '../sum-to-shape.ts';

/** Of matrices and of stacks of matrices, which may be broadcast. */
export default defineRule({
  operator: 'MatMul',
  infer: ({ inputs: [left, right] }) => {
    if (left === undefined || right === undefined || Math.min(left.shape.length, right.shape.length) < 2)
      return undefined;
    const stack = broadcastShapes(left.shape.slice(0, -2), right.shape.slice(0, -2));
    const [rows, columns] = [left.shape.at(-2), right.shape.at(-1)];
    if (stack === undefined || rows === undefined || columns === undefined) return undefined;
    return { shape: [...stack, rows, columns] };
  },
  gradient: ({ builder, inputs, values: [left, right], gradient }) => {
    const shapes = inputs.map((facts) => facts?.shape ?? []);
    const [a = [], b = []] = shapes;
    const stack = broadcastShapes(a.slice(0, -2), b.slice(0, -2)) ?? [];
    const summed = (value: Value, to: readonly Dimension[]) =>
      sumToShape(builder, value, { from: [...stack, ...to.slice(-2)], to });
    return [
      summed(builder.node('MatMul', [gradient, transposed(builder, right as Value, b.length)]), a),
      summed(builder.node('MatMul', [transposed(builder, left as Value, a.length), gradient]), b),
    ];
  },
});

function transposed(builder: GraphBuilder, value: Value, rank: number): Value {
  const perm = Array.from({ length: rank }, (_, axis) => axis);
  perm.push(...perm.splice(-2).reverse());
  return builder.node('Transpose', [value], { perm });
}
