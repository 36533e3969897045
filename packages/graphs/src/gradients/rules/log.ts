import { sameAs } from '../infer.ts';
import { defineRule } from '../rule.ts';

export default defineRule({
  operator: 'Log',
  infer: sameAs(0),
  gradient: ({ builder, values: [input], gradient }) => [builder.node('Div', [gradient, input])],
});
