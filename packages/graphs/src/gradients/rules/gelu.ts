import type { GraphBuilder, Value } from '../../graph-builder.ts';
import { textAttribute } from '../attributes.ts';
import { sameAs } from '../infer.ts';
import { defineRule } from '../rule.ts';

export default defineRule({
  operator: 'Gelu',
  infer: sameAs(0),
  gradient: ({ builder, node, values: [input], gradient }) => {
    const tanh = textAttribute(node, 'approximate', 'none') === 'tanh';
    const slope = tanh ? tanhSlope(builder, input as Value) : erfSlope(builder, input as Value);
    return [builder.node('Mul', [gradient, slope])];
  },
});

/** The derivative of x Phi(x): Phi(x) + x phi(x), with the normal distribution and its density. */
function erfSlope(builder: GraphBuilder, input: Value): Value {
  const erf = builder.node('Erf', [builder.node('Mul', [input, builder.scalar(Math.SQRT1_2)])]);
  const distribution = builder.node('Mul', [builder.node('Add', [erf, builder.scalar(1)]), builder.scalar(0.5)]);
  const square = builder.node('Mul', [input, input]);
  const bell = builder.node('Exp', [builder.node('Mul', [square, builder.scalar(-0.5)])]);
  const density = builder.node('Mul', [bell, builder.scalar(1 / Math.sqrt(2 * Math.PI))]);
  return builder.node('Add', [distribution, builder.node('Mul', [input, density])]);
}

const SCALE = Math.sqrt(2 / Math.PI);
const CUBIC = 0.044715;

/** The derivative of x (1 + tanh u) / 2 with u = sqrt(2 / pi) (x + 0.044715 x^3). */
function tanhSlope(builder: GraphBuilder, input: Value): Value {
  const square = builder.node('Mul', [input, input]);
  const cubic = builder.node('Add', [
    builder.node('Mul', [square, builder.scalar(SCALE * CUBIC)]),
    builder.scalar(SCALE),
  ]);
  const gate = builder.node('Tanh', [builder.node('Mul', [input, cubic])]);
  const inner = builder.node('Add', [
    builder.node('Mul', [square, builder.scalar(3 * SCALE * CUBIC)]),
    builder.scalar(SCALE),
  ]);
  const gateSlope = builder.node('Sub', [builder.scalar(1), builder.node('Mul', [gate, gate])]);
  const curved = builder.node('Mul', [builder.node('Mul', [input, gateSlope]), inner]);
  const doubled = builder.node('Add', [builder.node('Add', [gate, builder.scalar(1)]), curved]);
  return builder.node('Mul', [doubled, builder.scalar(0.5)]);
}
