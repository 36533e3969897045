import { floatAttribute } from '../attributes.ts';
import { sameAs } from '../infer.ts';
import { defineRule } from '../rule.ts';

export default defineRule({
  operator: 'LeakyRelu',
  infer: sameAs(0),
  gradient: ({ builder, node, values: [input], gradient }) => {
    const positive = builder.node('Greater', [input, builder.scalar(0)]);
    const slope = builder.scalar(floatAttribute(node, 'alpha', 0.01));
    return [builder.node('Where', [positive, gradient, builder.node('Mul', [gradient, slope])])];
  },
});
