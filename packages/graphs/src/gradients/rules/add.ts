import { broadcast } from '../infer.ts';
import { defineRule } from '../rule.ts';

export default defineRule({
  operator: 'Add',
  infer: broadcast,
  broadcasts: true,
  gradient: ({ gradient }) => [gradient, gradient],
});
