import { broadcast } from '../infer.ts';
import { defineRule } from '../rule.ts';

/** The exponent is taken as a constant. */
export default defineRule({
  operator: 'Pow',
  infer: broadcast,
  broadcasts: true,
  gradient: ({ builder, values: [base, exponent], gradient }) => {
    const lower = builder.node('Pow', [base, builder.node('Sub', [exponent, builder.scalar(1)])]);
    return [builder.node('Mul', [gradient, builder.node('Mul', [exponent, lower])])];
  },
});
