import type { Value } from '../../graph-builder.ts';
import { ElementType } from '../../onnx-model.ts';
import { expandReduced, inferReduced, reducedAxes } from '../reductions.ts';
import { defineRule } from '../rule.ts';

export default defineRule({
  operator: 'ReduceMean',
  infer: inferReduced,
  gradient: (reduced) => {
    const { builder, values } = reduced;
    const shape = builder.node('Shape', [values[0] as Value]);
    const sizes = builder.node('Gather', [shape, builder.constant('int64', reducedAxes(reduced))]);
    const count = builder.node('Cast', [builder.node('ReduceProd', [sizes], { keepdims: 0 })], {
      to: ElementType.float32,
    });
    return [builder.node('Div', [expandReduced(reduced), count])];
  },
});
