import { sameAs } from '../infer.ts';
import { defineRule } from '../rule.ts';

export default defineRule({
  operator: 'Exp',
  infer: sameAs(0),
  gradient: ({ builder, output, gradient }) => [builder.node('Mul', [gradient, output])],
});
