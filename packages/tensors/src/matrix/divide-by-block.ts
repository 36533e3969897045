import type { FactorBlock } from './factor-blocks.ts';
import { type MatrixModule, PIECE_ROWS } from './matrix-module.ts';
import type { Products } from './products.ts';

/**
 * Beyond this condition of a block a solution by its inverse is corrected once by what it leaves over, which makes it as
 * good as one by substitution.
 */
const WELL_CONDITIONED = 100;

/** Rows or columns that are divided by the block on a factor's diagonal, by products with its inverse. */
export class BlockDivision {
  readonly #products: Products;
  readonly #module: MatrixModule;
  readonly #block: FactorBlock;
  readonly #corrects: boolean;

  constructor(options: { products: Products; module: MatrixModule; block: FactorBlock }) {
    this.#products = options.products;
    this.#module = options.module;
    this.#block = options.block;
    this.#corrects = condition(options.block) > WELL_CONDITIONED;
  }

  /** Each of the rows x, as wide as the block, becomes x L^-T. */
  async rows(values: Float64Array): Promise<void> {
    const { width, diagonal, inverse } = this.#block;
    for (let at = 0; at < values.length; at += PIECE_ROWS * width) {
      const x = values.subarray(at, Math.min(values.length, at + PIECE_ROWS * width));
      const size = { rows: x.length / width, inner: width, columns: width, bFlipped: true };
      await this.#divide(x, {
        byInverse: (out, a) => this.#products.add({ ...size, out, a, b: inverse }),
        takeBack: (out, a) => this.#products.add({ ...size, out, a, b: diagonal, negative: true }),
      });
    }
  }

  /** `values`, `columns` wide and as high as the block, becomes L^-1 of itself, or L^-T where `transposed`. */
  async columns(values: Float64Array, options: { columns: number; transposed: boolean }): Promise<void> {
    const { width, diagonal, inverse } = this.#block;
    const size = { rows: width, inner: width, columns: options.columns, aFlipped: options.transposed };
    await this.#divide(values, {
      byInverse: (out, b) => this.#products.add({ ...size, out, a: inverse, b }),
      takeBack: (out, b) => this.#products.add({ ...size, out, a: diagonal, b, negative: true }),
    });
  }

  async #divide(
    values: Float64Array,
    steps: Record<'byInverse' | 'takeBack', (out: Float64Array, from: Float64Array) => Promise<void>>,
  ): Promise<void> {
    const found = this.#module.workspace.piece().subarray(0, values.length);
    found.fill(0);
    await steps.byInverse(found, values);
    if (this.#corrects) {
      await steps.takeBack(values, found);
      await steps.byInverse(found, values);
    }
    values.set(found);
  }
}

/** The condition of a block in the norm of largest row sums, up to rounding. */
function condition({ width, diagonal, inverse }: FactorBlock): number {
  return largestRowSum(diagonal, width) * largestRowSum(inverse, width);
}

/** The largest sum of absolute values of a row, of a lower triangle. */
function largestRowSum(matrix: Float64Array, size: number): number {
  let largest = 0;
  for (let row = 0; row < size; row++) {
    let sum = 0;
    for (let column = 0; column <= row; column++) sum += Math.abs(matrix[row * size + column] as number);
    largest = Math.max(largest, sum);
  }
  return largest;
}
