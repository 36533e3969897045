import { broadcast } from '../infer.ts';
import { defineRule } from '../rule.ts';

export default defineRule({
  operator: 'Div',
  infer: broadcast,
  broadcasts: true,
  gradient: ({ builder, values: [, divisor], output, gradient }) => {
    const quotient = builder.node('Div', [gradient, divisor]);
    return [quotient, builder.node('Neg', [builder.node('Mul', [quotient, output])])];
  },
});
