import { intAttribute } from '../attributes.ts';
import { sameAs } from '../infer.ts';
import { defineRule } from '../rule.ts';

export default defineRule({
  operator: 'Softmax',
  infer: sameAs(0),
  gradient: ({ builder, node, output, gradient }) => {
    const axis = builder.constant('int64', [intAttribute(node, 'axis', -1)]);
    const mean = builder.node('ReduceSum', [builder.node('Mul', [gradient, output]), axis]);
    return [builder.node('Mul', [output, builder.node('Sub', [gradient, mean])])];
  },
});
