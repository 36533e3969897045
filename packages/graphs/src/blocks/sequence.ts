import type { GraphBuilder, Value } from '../graph-builder.ts';

/**
 * The shape [batch, length] of a graph's tokens. Between the embeddings and the head a graph works on rows, one per token
 * [batch * length, width], so that every linear layer is one Gemm.
 */
export class Sequence {
  readonly #builder: GraphBuilder;
  /** Shape of the token ids: int64 [2]. */
  readonly #size: Value;

  constructor(builder: GraphBuilder, inputIds: Value) {
    this.#builder = builder;
    this.#size = builder.node('Shape', [inputIds]);
  }

  /** Length of the sequences: int64 [1]. */
  length(): Value {
    return this.#builder.node('Gather', [this.#size, this.#builder.constant('int64', [1])]);
  }

  /** [batch, length, width] to [batch * length, width]; also for more than one inner dimension. */
  toRows(value: Value, width: number): Value {
    return this.#builder.node('Reshape', [value, this.#builder.constant('int64', [-1, width])]);
  }

  /** [batch * length, product of inner] to [batch, length, ...inner]. */
  fromRows(rows: Value, inner: readonly number[]): Value {
    const shape = this.#builder.node('Concat', [this.#size, this.#builder.constant('int64', inner)], { axis: 0 });
    return this.#builder.node('Reshape', [rows, shape]);
  }

  /** The row of each sequence's first token: [batch * length, width] to [batch, width]. */
  firstToken(rows: Value, width: number): Value {
    const first = this.#builder.constant('int64', [0], []);
    return this.#builder.node('Gather', [this.fromRows(rows, [width]), first], { axis: 1 });
  }
}

/** The tokens whose last hidden state an encoder computes: a head that reads the first alone needs no other. */
export type Readout = 'every-token' | 'first-token';

/** The tokens of a graph after its encoder. */
export interface Encoded {
  sequence: Sequence;
  /** The last hidden state as rows [batch * length, width]; with the readout `first-token` [batch, width]. */
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
