import { sameAs } from '../infer.ts';
import { defineRule } from '../rule.ts';

export default defineRule({
  operator: 'Sqrt',
  infer: sameAs(0),
  gradient: ({ builder, output, gradient }) => [
    builder.node('Div', [gradient, builder.node('Mul', [output, builder.scalar(2)])]),
  ],
});
