import type { Value } from '../../graph-builder.ts';
import { frontAxis, intAttribute } from '../attributes.ts';
import { defineRule, type GradientNode, type KnownNode, type ValueFacts } from '../rule.ts';

/** Slices that are looked up more than once get the sum of the gradients of all their uses. */
export default defineRule({ operator: 'Gather', infer, gradient: scatter });

function infer({ node, inputs: [table, indices] }: KnownNode): ValueFacts | undefined {
  if (table === undefined || indices === undefined) return undefined;
  const axis = frontAxis(intAttribute(node, 'axis', 0), table.shape.length);
  const shape = [...table.shape.slice(0, axis), ...indices.shape, ...table.shape.slice(axis + 1)];
  const elements = indices.elements?.map((index) => table.elements?.at(Number(index)));
  return { shape, elements: elements?.every((element) => element !== undefined) ? elements : undefined };
}

/** Adds into zeros whose first axis is the one that was looked up along, then puts that axis back into its place. */
function scatter({ builder, node, inputs, values, gradient }: GradientNode): (Value | undefined)[] {
  const [table, indices] = values as readonly [Value, Value];
  const rank = inputs[0]?.shape.length ?? 1;
  const looked = inputs[1]?.shape.length ?? 0;
  const axis = frontAxis(intAttribute(node, 'axis', 0), rank);
  const size = builder.node('Shape', [table]);
  const places = builder.node('Unsqueeze', [indices, builder.constant('int64', [-1])]);
  const add = (zeros: Value, updates: Value): Value =>
    builder.node('ScatterND', [zeros, places, updates], { reduction: 'add' });
  const zeros = (shape: Value): Value => builder.node('Expand', [builder.scalar(0), shape]);
  if (axis === 0) return [add(zeros(size), gradient)];
  const front = range(0, rank).filter((at) => at !== axis);
  const moved = builder.node('Gather', [size, builder.constant('int64', [axis, ...front])]);
  const perm = [...range(axis, axis + looked), ...range(0, axis), ...range(axis + looked, rank + looked - 1)];
  const sums = add(zeros(moved), builder.node('Transpose', [gradient], { perm }));
  return [builder.node('Transpose', [sums], { perm: [...range(1, axis + 1), 0, ...range(axis + 1, rank)] })];
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index);
}
