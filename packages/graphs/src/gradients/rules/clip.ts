import { sameAs } from '../infer.ts';
import { defineRule } from '../rule.ts';

/** 1 at the bounds themselves, as PyTorch's clamp has it. The bounds are constants. */
export default defineRule({
  operator: 'Clip',
  infer: sameAs(0),
  gradient: ({ builder, values: [input], output, gradient }) => [
    builder.node('Where', [builder.node('Equal', [input, output]), gradient, builder.scalar(0)]),
  ],
});
