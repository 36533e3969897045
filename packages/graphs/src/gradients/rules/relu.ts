import { sameAs } from '../infer.ts';
import { defineRule } from '../rule.ts';

/** 0 at 0, as PyTorch has it. */
export default defineRule({
  operator: 'Relu',
  infer: sameAs(0),
  gradient: ({ builder, output, gradient }) => {
    const zero = builder.scalar(0);
    return [builder.node('Where', [builder.node('Greater', [output, zero]), gradient, zero])];
  },
});
