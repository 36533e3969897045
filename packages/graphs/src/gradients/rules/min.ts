import { broadcast } from '../infer.ts';
import { defineRule } from '../rule.ts';

/** Of two inputs; where they are equal the first one counts. */
export default defineRule({
  operator: 'Min',
  infer: broadcast,
  broadcasts: true,
  gradient: ({ builder, values: [first, second], gradient }) => {
    const taken = builder.node('LessOrEqual', [first, second]);
    const zero = builder.scalar(0);
    return [builder.node('Where', [taken, gradient, zero]), builder.node('Where', [taken, zero, gradient])];
  },
});
