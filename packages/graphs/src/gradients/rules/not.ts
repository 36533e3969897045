import { sameAs } from '../infer.ts';
import { defineRule } from '../rule.ts';

export default defineRule({ operator: 'Not', infer: sameAs(0) });
