import { broadcast } from '../infer.ts';
import { defineRule } from '../rule.ts';

export default defineRule({
  operator: 'Mul',
  infer: broadcast,
  broadcasts: true,
  gradient: ({ builder, values: [left, right], gradient }) => [
    builder.node('Mul', [gradient, right]),
    builder.node('Mul', [gradient, left]),
  ],
});
