import { broadcast } from '../infer.ts';
import { defineRule } from '../rule.ts';

export default defineRule({
  operator: 'Where',
  infer: broadcast,
  broadcasts: true,
  gradient: ({ builder, values: [condition], gradient }) => {
    const zero = builder.scalar(0);
    return [
      undefined,
      builder.node('Where', [condition, gradient, zero]),
      builder.node('Where', [condition, zero, gradient]),
    ];
  },
});
