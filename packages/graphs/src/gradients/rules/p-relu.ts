import { broadcast } from '../infer.ts';
import { defineRule } from '../rule.ts';

export default defineRule({
  operator: 'PRelu',
  infer: broadcast,
  broadcasts: true,
  gradient: ({ builder, values: [input, slope], gradient }) => {
    const zero = builder.scalar(0);
    const positive = builder.node('Greater', [input, zero]);
    return [
      builder.node('Where', [positive, gradient, builder.node('Mul', [gradient, slope])]),
      builder.node('Where', [positive, zero, builder.node('Mul', [gradient, input])]),
    ];
  },
});
