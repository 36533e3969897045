import type { KeysInRange, StoredRow } from '@hubfuse/plugin';
import type { KernelMemory } from './kernels.ts';

/** Numbers of a range in the kernels' table: keys, capacity, low, high, counts. */
const RANGE_NUMBERS = 5;
/** The kernel compares as signed numbers do. */
const HIGHEST_MAGNITUDE = 0x7fffffff;

/** The kernel of that name for the kind of a row. */
export function kernelFor(name: string, row: StoredRow): string {
  return row instanceof Uint16Array ? `${name}Bfloat16` : name;
}

/** Where the kernels find the rows that they work on together, and a few numbers of each. */
export class RowTable {
  readonly #memory: KernelMemory;
  readonly #length: number;
  readonly #addresses: { rows: number; weights: number; wideWeights: number; thresholds: number; scales: number };

  constructor(memory: KernelMemory, length: number) {
    this.#memory = memory;
    this.#length = length;
    this.#addresses = {
      rows: memory.uint32(length).byteOffset,
      weights: memory.float32(length).byteOffset,
      wideWeights: memory.float64(length).byteOffset,
      thresholds: memory.float32(length).byteOffset,
      scales: memory.float32(length).byteOffset,
    };
  }

  /** Bytes that a table takes. */
  static bytes(length: number): number {
    return length * 24 + 5 * 64;
  }

  /** Puts rows with their weights into the table; returns the addresses of the columns. */
  fill(rows: readonly StoredRow[], weights: readonly number[]): { rows: number; weights: number; wideWeights: number } {
    if (rows.length > this.#length || rows.length === 0) throw new RangeError(`${rows.length} rows`);
    const addresses = this.#column(Uint32Array, this.#addresses.rows, rows.length);
    rows.forEach((row, j) => {
      addresses[j] = row.byteOffset;
    });
    this.#column(Float32Array, this.#addresses.weights, rows.length).set(checked(weights, rows));
    this.#column(Float64Array, this.#addresses.wideWeights, rows.length).set(weights);
    return this.#addresses;
  }

  /** Puts further rows into the table, beside those that `fill` has put there; returns the address of their column. */
  more(rows: readonly Float32Array[]): number {
    if (rows.length > this.#length) throw new RangeError(`${rows.length} rows`);
    this.#column(Uint32Array, this.#addresses.scales, rows.length).set(rows.map(({ byteOffset }) => byteOffset));
    return this.#addresses.scales;
  }

  /** Puts one number per row into a further column; returns its address. */
  numbers(column: 'thresholds' | 'scales', values: readonly number[], rows: readonly StoredRow[]): number {
    this.#column(Float32Array, this.#addresses[column], rows.length).set(checked(values, rows));
    return this.#addresses[column];
  }

  /** Puts ranges of keys into the table in place of rows; returns its address. */
  ranges(ranges: readonly KeysInRange[]): number {
    if (ranges.length * RANGE_NUMBERS > this.#length) throw new RangeError(`${ranges.length} ranges`);
    const numbers = this.#column(Uint32Array, this.#addresses.rows, ranges.length * RANGE_NUMBERS);
    for (const [index, { keys, counts, low, high }] of ranges.entries()) {
      const range = [low, Math.min(high, HIGHEST_MAGNITUDE)] as const;
      numbers.set([keys.byteOffset, keys.length, ...range, counts.byteOffset], index * RANGE_NUMBERS);
    }
    return this.#addresses.rows;
  }

  /** Room for two numbers that a kernel leaves; nothing of a row stays in it. */
  pair<T extends Float32Array | Uint32Array>(type: Column<T>): T {
    return this.#column(type, this.#addresses.scales, 2);
  }

  /** Made anew at each use, since growing the memory detaches views. */
  #column<T>(type: Column<T>, address: number, length: number): T {
    return new type(this.#memory.memory.buffer, address, length);
  }
}

type Column<T> = new (buffer: ArrayBuffer, address: number, length: number) => T;

function checked(values: readonly number[], rows: readonly StoredRow[]): readonly number[] {
  if (values.length !== rows.length) throw new RangeError(`${rows.length} rows with ${values.length} numbers`);
  return values;
}
