import type { Value } from '../../graph-builder.ts';
import { frontAxis } from '../attributes.ts';
import { defineRule } from '../rule.ts';

export default defineRule({
  operator: 'Squeeze',
  infer: ({ inputs: [input, axes] }) => {
    if (input === undefined || axes?.elements === undefined) return undefined;
    const rank = input.shape.length;
    const dropped = new Set(axes.elements.map((axis) => frontAxis(Number(axis), rank)));
    return { shape: input.shape.filter((_, axis) => !dropped.has(axis)), elements: input.elements };
  },
  gradient: ({ builder, values: [input], gradient }) => [
    builder.node('Reshape', [gradient, builder.node('Shape', [input as Value])]),
  ],
});
