import type { Value } from '../../graph-builder.ts';
import { product, quotient } from '../dimension.ts';
import { defineRule, type KnownNode, type ValueFacts } from '../rule.ts';

export default defineRule({
  operator: 'Reshape',
  infer,
  gradient: ({ builder, values: [input], gradient }) => [
    builder.node('Reshape', [gradient, builder.node('Shape', [input as Value])]),
  ],
});

/** 0 keeps a dimension, and one -1 takes what is left. */
function infer({ inputs: [input, shape] }: KnownNode): ValueFacts | undefined {
  if (input === undefined || shape?.elements === undefined) return undefined;
  const asked = shape.elements.map((element, axis) => (element === 0 ? (input.shape[axis] ?? 0) : element));
  const rest = quotient(product(input.shape), product(asked.filter((element) => element !== -1)));
  if (asked.includes(-1) && rest === undefined) return undefined;
  return { shape: asked.map((element) => (element === -1 ? (rest ?? 1) : element)) };
}
