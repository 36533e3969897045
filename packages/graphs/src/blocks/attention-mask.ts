import type { GraphBuilder, Value } from '../graph-builder.ts';
import { ElementType } from '../onnx-model.ts';
import type { Sequence } from './sequence.ts';

/**
 * Lowest finite float32, as PyTorch masks: a row whose keys are all masked stays finite.
 */
const MASKED = -3.4028234663852886e38;

/**
 * What is added to attention scores [batch, heads, query, key]: 0 where a key may be seen, the lowest float where it may
 * not. `attentionMask` is [batch, length] with 1 for tokens and 0 for padding; with `causal` a query sees no later key.
 */
export function attentionBias(
  builder: GraphBuilder,
  attentionMask: Value,
  options: { sequence: Sequence; causal: boolean },
): Value {
  const mask = builder.node('Cast', [attentionMask], { to: ElementType.float32 });
  const keys = builder.node('Unsqueeze', [mask, builder.constant('int64', [1, 2])]);
  const seen = options.causal ? builder.node('Mul', [keys, lowerTriangle(builder, options.sequence)]) : keys;
  const hidden = builder.node('Sub', [builder.scalar(1), seen]);
  return builder.node('Mul', [hidden, builder.scalar(MASKED)]);
}

/** Ones on and below the diagonal: [length, length]. */
function lowerTriangle(builder: GraphBuilder, sequence: Sequence): Value {
  const length = sequence.length();
  const square = builder.node('Concat', [length, length], { axis: 0 });
  const ones = builder.node('Expand', [builder.scalar(1), square]);
  return builder.node('Trilu', [ones], { upper: 0 });
}
