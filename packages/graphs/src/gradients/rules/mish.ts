import { sameAs } from '../infer.ts';
import { defineRule } from '../rule.ts';

/** x tanh(softplus(x)) */
export default defineRule({
  operator: 'Mish',
  infer: sameAs(0),
  gradient: ({ builder, values: [input], gradient }) => {
    const gate = builder.node('Tanh', [builder.node('Softplus', [input])]);
    const gateSlope = builder.node('Mul', [
      builder.node('Sub', [builder.scalar(1), builder.node('Mul', [gate, gate])]),
      builder.node('Sigmoid', [input]),
    ]);
    const slope = builder.node('Add', [gate, builder.node('Mul', [input, gateSlope])]);
    return [builder.node('Mul', [gradient, slope])];
  },
});
