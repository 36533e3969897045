import { GraphError } from '@hubfuse/plugin';
import type { GraphBuilder, Value } from '../graph-builder.ts';
import { ElementType, type OnnxGraph } from '../onnx-model.ts';
import { pruneGraph } from '../prune-graph.ts';
import { findLinearLayers } from './linear-layers.ts';
import { halvesOf, type Tap, type TapOptions, type TapPart, tapOutputs, tapParts, tapsOf } from './taps.ts';
import { unpaddedRows } from './unpadded-rows.ts';

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
  const mask = masked ? tokenMask(builder, graph) : undefined;
  const outputs = new Set<string>();
  // onnxruntime computes what no other node needs from the last node to the first, each with what leads to it. So a tap is
  // measured when its input has been computed, and the inputs of all taps need not be there at once.
  for (const layer of options.layers.toReversed()) {
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
  /** Values that have no rows for padding. */
  unpadded: ReadonlySet<string>;
}

function tokenMask(builder: GraphBuilder, graph: OnnxGraph): TokenMask {
  const mask = builder.node('Cast', [{ name: ATTENTION_MASK }], { to: ElementType.bool });
  const seen = builder.node('Reshape', [mask, builder.constant('int64', [-1])]);
  return { seen, tokens: builder.node('Shape', [seen]), unpadded: unpaddedRows(graph, builder.places) };
}

function emitTap(builder: GraphBuilder, tap: Tap, mask: TokenMask | undefined): string[] {
  const shape = builder.constant('int64', [-1, tap.width]);
  const parts = tap.inputs.map((name) => {
    const rows = builder.node('Reshape', [{ name }, shape]);
    return mask === undefined || mask.unpadded.has(name) ? rows : withoutPadding(builder, rows, mask);
  });
  const [first] = parts;
  const rows = parts.length === 1 && first !== undefined ? first : builder.node('Concat', parts, { axis: 0 });
  const columns = columnsOf(builder, rows, tap.width);
  const factor = (first: number, width: number): Value => {
    const value = columns.get(partKey({ first, width }));
    if (value === undefined) throw new Error(`the columns of ${tap.layer} have no part of ${width} from ${first} on`);
    return value;
  };
  return tapOutputs(tap).map((output) => {
    if (output.kind === 'rows') {
      const count = builder.node('Shape', [rows], { start: 0, end: 1 });
      const attributes = { to: ElementType.float32 };
      builder.outputNode(output.name, [1], { operator: 'Cast', inputs: [count], attributes });
    } else {
      const { firstRow, rows: height, firstColumn, columns: width } = output;
      const inputs = [factor(firstRow, height), factor(firstColumn, width)];
      builder.outputNode(output.name, [height, width], { operator: 'Gemm', inputs, attributes: { transB: 1 } });
    }
    return output.name;
  });
}

/**
 * The parts of the columns of rows x and their halves by `partKey`, each column as a row: onnxruntime multiplies A B^T up to
 * twice as fast as A^T B, and transposes narrow matrices faster than wide ones.
 */
function columnsOf(builder: GraphBuilder, rows: Value, width: number): ReadonlyMap<string, Value> {
  const columns = new Map<string, Value>();
  for (const [part, own] of divide(builder, { value: rows, parts: tapParts(width), axis: 1 })) {
    const value = builder.node('Transpose', [own], { perm: [1, 0] });
    columns.set(partKey(part), value);
    for (const [half, upper] of divide(builder, { value, parts: halvesOf(part), axis: 0 })) {
      columns.set(partKey(half), upper);
    }
  }
  return columns;
}

/** The parts of a value along an axis. */
function divide(
  builder: GraphBuilder,
  { value, parts, axis }: { value: Value; parts: readonly TapPart[]; axis: 0 | 1 },
): (readonly [TapPart, Value])[] {
  const widths = parts.map(({ width }) => width);
  const values = parts.length > 1 ? builder.split(value, widths, axis) : [value];
  return parts.map((part, index) => [part, values[index] ?? value] as const);
}

function partKey({ first, width }: TapPart): string {
  return `${first}+${width}`;
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
