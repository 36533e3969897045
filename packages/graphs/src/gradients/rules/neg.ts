import { sameAs } from '../infer.ts';
import { defineRule } from '../rule.ts';

export default defineRule({
  operator: 'Neg',
  infer: sameAs(0),
  gradient: ({ builder, gradient }) => [builder.node('Neg', [gradient])],
});
