import { intAttribute } from '../attributes.ts';
import { sameAs } from '../infer.ts';
import { defineRule } from '../rule.ts';

export default defineRule({
  operator: 'LogSoftmax',
  infer: sameAs(0),
  gradient: ({ builder, node, output, gradient }) => {
    const axis = builder.constant('int64', [intAttribute(node, 'axis', -1)]);
    const sum = builder.node('ReduceSum', [gradient, axis]);
    const shares = builder.node('Mul', [builder.node('Exp', [output]), sum]);
    return [builder.node('Sub', [gradient, shares])];
  },
});
