import { broadcastShapes } from '../infer.ts';
import { defineRule } from '../rule.ts';

export default defineRule({
  operator: 'Expand',
  infer: ({ inputs: [input, shape] }) => {
    const expanded = input && shape?.elements && broadcastShapes(input.shape, shape.elements);
    return expanded && { shape: expanded };
  },
  broadcasts: true,
  gradient: ({ gradient }) => [gradient],
});
