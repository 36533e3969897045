import { ElementType } from '../../onnx-model.ts';
import { intAttribute } from '../attributes.ts';
import { defineRule } from '../rule.ts';

const FLOATS: readonly number[] = [ElementType.float32, ElementType.float16, ElementType.bfloat16, ElementType.float64];

/** Gradients are float32 whatever the type of what they belong to: that of a widened weight is the weight's own. */
export default defineRule({
  operator: 'Cast',
  infer: ({ inputs: [input] }) => input,
  gradient: ({ node, gradient }) => [FLOATS.includes(intAttribute(node, 'to', 0)) ? gradient : undefined],
});
