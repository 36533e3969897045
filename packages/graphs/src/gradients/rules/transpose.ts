import { intsAttribute } from '../attributes.ts';
import { defineRule } from '../rule.ts';

export default defineRule({
  operator: 'Transpose',
  infer: ({ node, inputs: [input] }) => {
    if (input === undefined) return undefined;
    const { shape } = input;
    const order = intsAttribute(node, 'perm') ?? shape.map((_, axis) => axis).reverse();
    return { shape: order.map((axis) => shape[axis] ?? 1) };
  },
  gradient: ({ builder, node, gradient }) => {
    const perm = intsAttribute(node, 'perm');
    const inverse = perm?.map((_, axis) => perm.indexOf(axis));
    return [builder.node('Transpose', [gradient], inverse === undefined ? {} : { perm: inverse })];
  },
});
