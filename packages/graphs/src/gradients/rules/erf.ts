import { sameAs } from '../infer.ts';
import { defineRule } from '../rule.ts';

export default defineRule({
  operator: 'Erf',
  infer: sameAs(0),
  gradient: ({ builder, values: [input], gradient }) => {
    const bell = builder.node('Exp', [builder.node('Neg', [builder.node('Mul', [input, input])])]);
    return [builder.node('Mul', [gradient, builder.node('Mul', [bell, builder.scalar(2 / Math.sqrt(Math.PI))])])];
  },
});
