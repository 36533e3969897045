import { broadcast } from './infer.ts';
import { defineRule, type OperatorRule } from './rule.ts';

/** The larger or the smaller of two inputs: the gradient goes to the one that is taken, the first where they are equal. */
export function extremum(operator: 'Max' | 'Min'): OperatorRule {
  const comparison = operator === 'Max' ? 'GreaterOrEqual' : 'LessOrEqual';
  return defineRule({
    operator,
    infer: broadcast,
    broadcasts: true,
    gradient: ({ builder, values: [first, second], gradient }) => {
      const taken = builder.node(comparison, [first, second]);
      const zero = builder.scalar(0);
      return [builder.node('Where', [taken, gradient, zero]), builder.node('Where', [taken, zero, gradient])];
    },
  });
}
