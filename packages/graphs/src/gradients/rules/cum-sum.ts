import { sameAs } from '../infer.ts';
import { defineRule } from '../rule.ts';

export default defineRule({ operator: 'CumSum', infer: sameAs(0) });
