import type { Value } from '../../graph-builder.ts';
import { frontAxis } from '../attributes.ts';
import type { Dimension } from '../dimension.ts';
import { defineRule } from '../rule.ts';

export default defineRule({
  operator: 'Unsqueeze',
  infer: ({ inputs: [input, axes] }) => {
    if (input === undefined || axes?.elements === undefined) return undefined;
    const rank = input.shape.length + axes.elements.length;
    const added = new Set(axes.elements.map((axis) => frontAxis(Number(axis), rank)));
    const kept = [...input.shape];
    const shape = Array.from({ length: rank }, (_, axis): Dimension => (added.has(axis) ? 1 : (kept.shift() ?? 1)));
    return { shape, elements: input.elements };
  },
  gradient: ({ builder, values: [input], gradient }) => [
    builder.node('Reshape', [gradient, builder.node('Shape', [input as Value])]),
  ],
});
