import type { GraphBuilder, Value } from '../graph-builder.ts';

/** An nn.LayerNorm over the last dimension. */
export function layerNorm(
  builder: GraphBuilder,
  input: Value,
  module: string,
  options: { width: number; epsilon: number },
): Value {
  const scale = builder.weight(`${module}.weight`, [options.width]);
  const bias = builder.weight(`${module}.bias`, [options.width]);
  return builder.node('LayerNormalization', [input, scale, bias], { axis: -1, epsilon: { float: options.epsilon } });
}
