import { frontAxis, intAttribute } from '../attributes.ts';
import type { Dimension } from '../dimension.ts';
import { defineRule, type KnownNode, type ValueFacts } from '../rule.ts';
import { sizeAlong } from '../size-along.ts';

/** Each input's gradient is the piece of the output's gradient at its place. */
export default defineRule({
  operator: 'Concat',
  infer,
  gradient: ({ builder, node, inputs, values, gradient }) => {
    const axis = frontAxis(intAttribute(node, 'axis', 0), inputs[0]?.shape.length ?? 1);
    const axes = builder.constant('int64', [axis]);
    let start = builder.constant('int64', [0]);
    return values.map((value) => {
      if (value === undefined) return undefined;
      const end = builder.node('Add', [start, sizeAlong(builder, value, axis)]);
      const piece = builder.node('Slice', [gradient, start, end, axes]);
      start = end;
      return piece;
    });
  },
});

/** Sizes along the axis must be numbers: a sum of free dimensions has no name. */
function infer({ node, inputs }: KnownNode): ValueFacts | undefined {
  const known = inputs.filter((facts) => facts !== undefined);
  const [first] = known;
  if (first === undefined || known.length < inputs.length) return undefined;
  const axis = frontAxis(intAttribute(node, 'axis', 0), first.shape.length);
  const sizes = known.map(({ shape }) => shape[axis]);
  if (!sizes.every((size) => typeof size === 'number')) return undefined;
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const elements = known.flatMap((facts): readonly (Dimension | undefined)[] => facts.elements ?? [undefined]);
  return {
    shape: first.shape.map((size, at) => (at === axis ? total : size)),
    elements: elements.every((element) => element !== undefined) ? elements : undefined,
  };
}
