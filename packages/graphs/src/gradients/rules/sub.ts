import { broadcast } from '../infer.ts';
import { defineRule } from '../rule.ts';

export default defineRule({
  operator: 'Sub',
  infer: broadcast,
  broadcasts: true,
  gradient: ({ builder, gradient }) => [gradient, builder.node('Neg', [gradient])],
});
