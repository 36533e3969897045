import { sameAs } from '../infer.ts';
import { defineRule } from '../rule.ts';

/** x clip(x / 6 + 1/2, 0, 1) */
export default defineRule({
  operator: 'HardSwish',
  infer: sameAs(0),
  gradient: ({ builder, values: [input], gradient }) => {
    const zero = builder.scalar(0);
    const line = builder.node('Add', [builder.node('Div', [input, builder.scalar(3)]), builder.scalar(0.5)]);
    const below = builder.node('LessOrEqual', [input, builder.scalar(-3)]);
    const above = builder.node('GreaterOrEqual', [input, builder.scalar(3)]);
    const slope = builder.node('Where', [above, builder.scalar(1), builder.node('Where', [below, zero, line])]);
    return [builder.node('Mul', [gradient, slope])];
  },
});
