import type { GraphBuilder, Value } from '../graph-builder.ts';
import type { Readout, Sequence } from './sequence.ts';

/**
 * Scaled dot-product attention over rows: query, key and value are [tokens, heads * headSize], and so is the
 * result. `bias` is added to the scores [batch, heads, query, key]. With `readout: first-token` (default `every-token`) the
 * query is that of the first tokens [batch, heads * headSize], and so is the result.
 */
export function attention(
  builder: GraphBuilder,
  rows: { query: Value; key: Value; value: Value },
  options: { sequence: Sequence; heads: number; headSize: number; bias: Value; readout?: Readout },
): Value {
  const { sequence, heads, headSize, readout = 'every-token' } = options;
  builder.attentionHeads.push(heads);
  const split = (value: Value, perm: readonly number[]): Value =>
    builder.node('Transpose', [sequence.fromRows(value, [heads, headSize])], { perm });
  const first = readout === 'first-token';
  const query = first
    ? builder.node('Reshape', [rows.query, builder.constant('int64', [-1, heads, 1, headSize])])
    : split(rows.query, [0, 2, 1, 3]);
  const bias = first
    ? builder.node('Gather', [options.bias, builder.constant('int64', [0])], { axis: 2 })
    : options.bias;
  const key = split(rows.key, [0, 2, 3, 1]);
  const value = split(rows.value, [0, 2, 1, 3]);
  const products = builder.node('MatMul', [query, key]);
  const scores = builder.node('Mul', [products, builder.scalar(1 / Math.sqrt(headSize))]);
  const weights = builder.node('Softmax', [builder.node('Add', [scores, bias])], { axis: -1 });
  const mixed = builder.node('Transpose', [builder.node('MatMul', [weights, value])], { perm: [0, 2, 1, 3] });
  const width = heads * headSize;
  if (first) return builder.node('Reshape', [mixed, builder.constant('int64', [-1, width])]);
  return sequence.toRows(mixed, width);
}
