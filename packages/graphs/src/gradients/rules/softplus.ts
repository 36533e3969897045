import { sameAs } from '../infer.ts';
import { defineRule } from '../rule.ts';

export default defineRule({
  operator: 'Softplus',
  infer: sameAs(0),
  gradient: ({ builder, values: [input], gradient }) => [
    builder.node('Mul', [gradient, builder.node('Sigmoid', [input])]),
  ],
});
