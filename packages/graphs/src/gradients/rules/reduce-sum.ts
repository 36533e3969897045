import { expandReduced, inferReduced } from '../reductions.ts';
import { defineRule } from '../rule.ts';

export default defineRule({
  operator: 'ReduceSum',
  infer: inferReduced,
  gradient: (reduced) => [expandReduced(reduced)],
});
