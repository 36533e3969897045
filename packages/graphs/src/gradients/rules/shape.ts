import { defineRule } from '../rule.ts';

export default defineRule({
  operator: 'Shape',
  infer: ({ node, inputs: [input] }) => {
    if (input === undefined || node.attributes.size > 0) return undefined;
    return { shape: [input.shape.length], elements: input.shape };
  },
});
