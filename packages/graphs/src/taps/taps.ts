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
 * An output of a graph with taps. `moments` is a block of the upper triangle of the sum of x x^T over the batch, float32
 * [rows, columns]: its first entry belongs to row `firstRow` and column `firstColumn`. Of a block on the diagonal, which
 * begins in the column of its first row, the entries below the diagonal are there, too. `rows` is the number of rows x that
 * were summed, float32 [1].
 */
export type TapOutput =
  | { kind: 'moments'; name: string; firstRow: number; rows: number; firstColumn: number; columns: number }
  | { kind: 'rows'; name: string };

/** Width of the parts whose products are taken with each other: the fastest that were measured. */
const PART_WIDTH = 384;
/** Widest part that is multiplied with itself whole: narrower ones spare more products and multiply slower. */
const WHOLE_WIDTH = 192;
/** Parts begin where vectors of values do. */
const ALIGNMENT = 16;

/**
 * Columns of a tap's input. The sum over rows of x x^T is symmetric, so that each part is multiplied with itself and with
 * those behind it, which spares almost half of the products.
 */
export interface TapPart {
  first: number;
  width: number;
}

/** The parts of an input, of about the same width. */
export function tapParts(width: number): TapPart[] {
  return divide({ first: 0, width }, Math.ceil(width / PART_WIDTH));
}

/** The halves of a part that is too wide to be multiplied with itself whole; none of another one. */
export function halvesOf(part: TapPart): TapPart[] {
  return part.width <= WHOLE_WIDTH ? [] : divide(part, 2);
}

function divide({ first, width }: TapPart, count: number): TapPart[] {
  const step = ALIGNMENT * Math.ceil(width / count / ALIGNMENT);
  const parts: TapPart[] = [];
  for (let from = 0; from < width; from += step) {
    parts.push({ first: first + from, width: Math.min(step, width - from) });
  }
  return parts;
}

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
  const blocks = pairsOf(tapParts(width)).flatMap(([left, right]) => {
    const halves = left === right ? halvesOf(left) : [];
    return halves.length > 0 ? pairsOf(halves) : [[left, right] as const];
  });
  const outputs: TapOutput[] = [{ kind: 'rows', name: `${layer}:rows` }];
  for (const [left, right] of blocks) {
    outputs.push({
      kind: 'moments',
      name: `${layer}:moments:${left.first}:${right.first}`,
      firstRow: left.first,
      rows: left.width,
      firstColumn: right.first,
      columns: right.width,
    });
  }
  return outputs;
}

/** Each part with itself and with those behind it. */
function pairsOf(parts: readonly TapPart[]): (readonly [TapPart, TapPart])[] {
  return parts.flatMap((left, index) => parts.slice(index).map((right) => [left, right] as const));
}
