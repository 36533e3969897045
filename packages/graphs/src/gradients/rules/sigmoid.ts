import { sameAs } from '../infer.ts';
import { defineRule } from '../rule.ts';

export default defineRule({
  operator: 'Sigmoid',
  infer: sameAs(0),
  gradient: ({ builder, output, gradient }) => {
    const slope = builder.node('Mul', [output, builder.node('Sub', [builder.scalar(1), output])]);
    return [builder.node('Mul', [gradient, slope])];
  },
});
