import { floatAttribute, frontAxis, intAttribute } from '../attributes.ts';
import type { Dimension } from '../dimension.ts';
import { sameAs } from '../infer.ts';
import { defineRule } from '../rule.ts';
import { sumToShape } from '../sum-to-shape.ts';

/**
 * With n the normalised input and r one over its deviation: the gradient of the input is r (h - mean(h) - n mean(h n)),
 * h being the gradient times the scale; means are over the normalised axes.
 */
export default defineRule({
  operator: 'LayerNormalization',
  infer: sameAs(0),
  gradient: ({ builder, node, inputs, values: [input, scale, bias], gradient }) => {
    const shape = inputs[0]?.shape ?? [];
    const first = frontAxis(intAttribute(node, 'axis', -1), shape.length);
    const axes = builder.constant(
      'int64',
      shape.slice(first).map((_, axis) => first + axis),
    );
    const mean = (value: typeof gradient) => builder.node('ReduceMean', [value, axes]);
    const centred = builder.node('Sub', [input, mean(input as typeof gradient)]);
    const variance = mean(builder.node('Mul', [centred, centred]));
    const epsilon = builder.scalar(floatAttribute(node, 'epsilon', 1e-5));
    const deviation = builder.node('Sqrt', [builder.node('Add', [variance, epsilon])]);
    const normal = builder.node('Div', [centred, deviation]);
    const scaled = builder.node('Mul', [gradient, scale]);
    const along = builder.node('Mul', [normal, mean(builder.node('Mul', [scaled, normal]))]);
    const across = builder.node('Sub', [builder.node('Sub', [scaled, mean(scaled)]), along]);
    const parameter = (value: typeof gradient, to: readonly Dimension[] | undefined) =>
      sumToShape(builder, value, { from: shape, to: to ?? [] });
    return [
      builder.node('Div', [across, deviation]),
      parameter(builder.node('Mul', [gradient, normal]), inputs[1]?.shape),
      bias && parameter(gradient, inputs[2]?.shape),
    ];
  },
});
