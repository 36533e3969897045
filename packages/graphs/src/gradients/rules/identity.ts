import { sameAs } from '../infer.ts';
import { defineRule } from '../rule.ts';

export default defineRule({
  operator: 'Identity',
  infer: sameAs(0),
  gradient: ({ gradient }) => [gradient],
});
