import type { GraphBuilder, TokenPlaces, Value } from '../graph-builder.ts';

/**
 * The shape [batch, length] of a graph's tokens. Between the embeddings and the head a graph works on rows, one per token
 * [tokens, width], so that every linear layer is one Gemm. There are batch * length of them, or, in an unpadded graph, one for
 * each token that is no padding; only attention needs them in their places then.
 */
export class Sequence {
  readonly #builder: GraphBuilder;
  /** Shape of the token ids: int64 [2]. */
  readonly #size: Value;
  readonly #places: TokenPlaces | undefined;

  /** @param tokens `inputIds` and `attentionMask` as int64 [batch, length] */
  constructor(builder: GraphBuilder, tokens: { inputIds: Value; attentionMask: Value }) {
    this.#builder = builder;
    this.#size = builder.node('Shape', [tokens.inputIds]);
    this.#places = builder.unpadded ? this.#placesOf(tokens.attentionMask) : undefined;
    builder.places = this.#places;
  }

  /** Length of the sequences: int64 [1]. */
  length(): Value {
    return this.#builder.node('Gather', [this.#size, this.#builder.constant('int64', [1])]);
  }

  /** [batch, length, width] to rows; also for more than one inner dimension. */
  toRows(value: Value, width: number): Value {
    const all = this.#builder.node('Reshape', [value, this.#builder.constant('int64', [-1, width])]);
    return this.#places === undefined ? all : this.#builder.node('Gather', [all, this.#places.placesOfRows]);
  }

  /** Rows [tokens, product of inner] to [batch, length, ...inner]; padding that has no row is filled with that of some token. */
  fromRows(rows: Value, inner: readonly number[]): Value {
    const placed = this.#places && this.#builder.node('Gather', [rows, this.#places.rowsOfPlaces]);
    if (placed !== undefined && inner.length === 1) return placed;
    const shape = this.#builder.node('Concat', [this.#size, this.#builder.constant('int64', inner)], { axis: 0 });
    return this.#builder.node('Reshape', [placed ?? rows, shape]);
  }

  /** The row of each sequence's first token: [batch, width]. */
  firstToken(rows: Value, width: number): Value {
    const first = this.#builder.constant('int64', [0], []);
    if (this.#places === undefined) {
      return this.#builder.node('Gather', [this.fromRows(rows, [width]), first], { axis: 1 });
    }
    return this.#builder.node('Gather', [
      rows,
      this.#builder.node('Gather', [this.#places.rowsOfPlaces, first], { axis: 1 }),
    ]);
  }

  #placesOf(attentionMask: Value): TokenPlaces {
    const builder = this.#builder;
    const all = builder.constant('int64', [-1]);
    const seen = builder.node('Reshape', [attentionMask, all]);
    const counted = builder.node('CumSum', [seen, builder.constant('int64', [0], [])]);
    const rows = builder.node('Sub', [counted, builder.constant('int64', [1], [])]);
    return {
      placesOfRows: builder.node('Reshape', [builder.node('NonZero', [seen]), all]),
      rowsOfPlaces: builder.node('Reshape', [
        builder.node('Max', [rows, builder.constant('int64', [0], [])]),
        this.#size,
      ]),
    };
  }
}

/** The tokens whose last hidden state an encoder computes: a head that reads the first alone needs no other. */
export type Readout = 'every-token' | 'first-token';

/** The tokens of a graph after its encoder. */
export interface Encoded {
  sequence: Sequence;
  /** The last hidden state as rows [tokens, width]; with the readout `first-token` [batch, width]. */
  rows: Value;
  width: number;
  /** Default `every-token`. */
  readout?: Readout;
}

/** The tokens that the head of a class reads, or all of them where the graph is asked for more than its outputs. */
export function readoutOf(builder: GraphBuilder, className: string): Readout {
  const first = className.endsWith('ForSequenceClassification') && !builder.everyToken;
  return first ? 'first-token' : 'every-token';
}

/** The last hidden state of each sequence's first token: [batch, width]. */
export function firstTokenOf({ sequence, rows, width, readout }: Encoded): Value {
  return readout === 'first-token' ? rows : sequence.firstToken(rows, width);
}
