import { sameAs } from '../infer.ts';
import { defineRule } from '../rule.ts';

export default defineRule({
  operator: 'Tanh',
  infer: sameAs(0),
  gradient: ({ builder, output, gradient }) => {
    const slope = builder.node('Sub', [builder.scalar(1), builder.node('Mul', [output, output])]);
    return [builder.node('Mul', [gradient, slope])];
  },
});
