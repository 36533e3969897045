import { intAttribute } from '../attributes.ts';
import { sameAs } from '../infer.ts';
import { defineRule } from '../rule.ts';

export default defineRule({
  operator: 'Trilu',
  infer: sameAs(0),
  gradient: ({ builder, node, values: [, diagonal], gradient }) => [
    builder.node('Trilu', diagonal === undefined ? [gradient] : [gradient, diagonal], {
      upper: intAttribute(node, 'upper', 1),
    }),
  ],
});
