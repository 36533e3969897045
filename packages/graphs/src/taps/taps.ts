import type { LinearLayer } from './linear-layers.ts';

/** One input that is measured for all the linear layers that read it. */
export interface Tap {
  /** The first of the layers in the order of the graph: the tap's name. */
  layer: string;
  /** The other layers that read the same input (key and value beside query). */
  aliases: readonly string[];
  /** Width of the input. */
  width: number;
  /** Elements of the weights of all its layers. */
  parameters: number;
  /** Names of the values in the graph. */
  inputs: readonly string[];
}

/** Which positions of the padded batch count: `mask` leaves padding out, `include` takes every row. */
export type PaddingRule = 'mask' | 'include';

export interface TapOptions {
  padding: PaddingRule;
  /** Names of the taps (`Tap.layer`) that the graph yields. */
  layers: readonly string[];
}

/**
 * An output of a graph with taps. `moments` is a strip of the upper triangle of the sum of x x^T over the batch, float32
 * [rows, width - firstRow]: entry (i, j) belongs to row firstRow + i and column firstRow + j, and those with j < i lie
 * below the diagonal. `rows` is the number of rows x that were summed, float32 [1].
 */
export type TapOutput =
  | { kind: 'moments'; name: string; firstRow: number; rows: number }
  | { kind: 'rows'; name: string };

/**
 * Rows in one strip. The sum is symmetric, so strips of an upper triangle spare almost half of the products; narrower
 * strips spare more and multiply slower.
 */
const STRIP_ROWS = 256;

/** Layers that read the same values share one tap. In the order of the graph. */
export function tapsOf(layers: readonly LinearLayer[]): Tap[] {
  const taps = new Map<string, Tap & { aliases: string[] }>();
  for (const { name, width, parameters, inputs } of layers) {
    const key = inputs.join('\0');
    const tap = taps.get(key);
    if (tap === undefined) {
      taps.set(key, { layer: name, aliases: [], width, parameters, inputs });
      continue;
    }
    tap.aliases.push(name);
    tap.parameters += parameters;
  }
  return [...taps.values()];
}

/** The outputs of a tap, in the order in which a graph has them. */
export function tapOutputs({ layer, width }: Pick<Tap, 'layer' | 'width'>): TapOutput[] {
  const outputs: TapOutput[] = [{ kind: 'rows', name: `${layer}:rows` }];
  for (let firstRow = 0; firstRow < width; firstRow += STRIP_ROWS) {
    const rows = Math.min(STRIP_ROWS, width - firstRow);
    outputs.push({ kind: 'moments', name: `${layer}:moments:${firstRow}`, firstRow, rows });
  }
  return outputs;
}
