import type { GraphBuilder, Value } from '../graph-builder.ts';

/**
 * An nn.Linear with bias on rows [rows, in]. Gemm reads the weight as it is stored, [out, in]: no transposed copy is
 * made when a session is opened.
 */
export function linear(
  builder: GraphBuilder,
  input: Value,
  module: string,
  size: { in: number; out: number | undefined },
): Value {
  const weight = builder.weight(`${module}.weight`, [size.out, size.in]);
  const bias = builder.weight(`${module}.bias`, [size.out]);
  return builder.node('Gemm', [input, weight, bias], { transB: 1 });
}
