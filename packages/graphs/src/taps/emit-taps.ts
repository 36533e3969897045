import { GraphError } from '@hubfuse/plugin';
import type { GraphBuilder, Value } from '../graph-builder.ts';
import { ElementType, type OnnxGraph } from '../onnx-model.ts';
import { pruneGraph } from '../prune-graph.ts';
import { findLinearLayers } from './linear-layers.ts';
import { type Tap, type TapOptions, tapOutputs, tapsOf } from './taps.ts';

const ATTENTION_MASK = 'attention_mask';

/**
 * The graph that a builder holds, with second moments of layer inputs as its only outputs: what they do not need, such
 * as the layers after the last tap, is left out.
 * @throws GraphError where a tap is not in the graph
 */
export function graphWithTaps(builder: GraphBuilder, options: TapOptions): OnnxGraph {
  const graph = builder.finish();
  const taps = new Map(tapsOf(findLinearLayers(graph)).map((tap) => [tap.layer, tap]));
  const masked = options.padding === 'mask' && graph.inputs.some(({ name }) => name === ATTENTION_MASK);
  const mask = masked ? tokenMask(builder) : undefined;
  const outputs = new Set<string>();
  for (const layer of options.layers) {
    const tap = taps.get(layer);
    if (tap === undefined) {
      throw new GraphError({
        code: 'graph/unknown-tap',
        message: `the graph has no linear layer "${layer}" with an input of its own`,
        hint: `its taps: ${[...taps.keys()].join(', ')}`,
      });
    }
    for (const name of emitTap(builder, tap, mask)) outputs.add(name);
  }
  const extended = builder.finish();
  return pruneGraph({ ...extended, outputs: extended.outputs.filter(({ name }) => outputs.has(name)) });
}

/** Which tokens of a batch are no padding. */
interface TokenMask {
  /** bool [batch * length] */
  seen: Value;
  /** batch * length: int64 [1] */
  tokens: Value;
}

function tokenMask(builder: GraphBuilder): TokenMask {
  const mask = builder.node('Cast', [{ name: ATTENTION_MASK }], { to: ElementType.bool });
  const seen = builder.node('Reshape', [mask, builder.constant('int64', [-1])]);
  return { seen, tokens: builder.node('Shape', [seen]) };
}

function emitTap(builder: GraphBuilder, tap: Tap, mask: TokenMask | undefined): string[] {
  const shape = builder.constant('int64', [-1, tap.width]);
  const parts = tap.inputs.map((name) => {
    const rows = builder.node('Reshape', [{ name }, shape]);
    return mask === undefined ? rows : withoutPadding(builder, rows, mask);
  });
  const [first] = parts;
  const rows = parts.length === 1 && first !== undefined ? first : builder.node('Concat', parts, { axis: 0 });
  // onnxruntime multiplies A B^T up to twice as fast as A^T B, and slices of rows are plain copies.
  const columns = builder.node('Transpose', [rows], { perm: [1, 0] });
  return tapOutputs(tap).map((output) => {
    if (output.kind === 'rows') {
      const count = builder.node('Shape', [rows], { start: 0, end: 1 });
      builder.output(output.name, builder.widen(count), [1]);
    } else {
      const { firstRow, rows: height } = output;
      const whole = firstRow === 0 && height === tap.width;
      const strip = whole ? columns : slice(builder, columns, { first: firstRow, end: firstRow + height });
      const right = firstRow === 0 ? columns : slice(builder, columns, { first: firstRow, end: tap.width });
      const moments = builder.node('Gemm', [strip, right], { transB: 1 });
      builder.output(output.name, moments, [height, tap.width - firstRow]);
    }
    return output.name;
  });
}

/**
 * The rows of tokens that are no padding. Whether a value has one row per token is seen from its size when the graph
 * runs, since a graph states no shapes between its nodes: rows of another number (one per sequence, after the pooler) are
 * all kept. Where sequences are one token long both readings are the same, as such a token is never padding.
 */
function withoutPadding(builder: GraphBuilder, rows: Value, { seen, tokens }: TokenMask): Value {
  const zero = builder.constant('int64', [0], []);
  const one = builder.constant('int64', [1], []);
  const count = builder.node('Shape', [rows], { start: 0, end: 1 });
  const other = builder.node('Not', [builder.node('Equal', [count, tokens])]);
  const indices = builder.node('Range', [zero, builder.node('Squeeze', [count]), one]);
  const positions = builder.node('Min', [indices, builder.node('Sub', [tokens, one])]);
  const kept = builder.node('Or', [builder.node('Gather', [seen, positions]), other]);
  return builder.node('Compress', [rows, kept], { axis: 0 });
}

function slice(builder: GraphBuilder, value: Value, { first, end }: { first: number; end: number }): Value {
  const int = (place: number): Value => builder.constant('int64', [place]);
  return builder.node('Slice', [value, int(first), int(end), int(0)]);
}
