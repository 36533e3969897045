import { broadcast } from '../infer.ts';
import { defineRule } from '../rule.ts';

export default defineRule({ operator: 'Equal', infer: broadcast });
