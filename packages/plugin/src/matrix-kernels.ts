/** What a product adds to. */
export interface ProductSize {
  /** Rows of the left factor and of what it adds to. */
  rows: number;
  /** Columns of the left factor, rows of the right one. */
  inner: number;
  /** Columns of the right factor and of what it adds to. */
  columns: number;
  /** Take the product away instead. Default false. */
  negative?: boolean;
}

/** What became of a Cholesky factorisation. */
export interface Factorisation {
  /** Index of the first pivot that is not large enough; -1 where all are. */
  failed: number;
  /** The smallest share that a pivot is of its diagonal entry; meaningless where one failed. */
  smallest: number;
}

/**
 * Float64 matrix kernels. Arrays must lie in the kernels' own memory (`LinearLayer.float64`, `out`). Matrices are
 * row-major without gaps. Where onnxruntime is installed it takes the large products; they have the same bits for any number
 * of workers on one kind of processor. All else, and everything where it is not, has the same bits on every machine.
 */
export interface MatrixKernels {
  /** out += a b, with a of `rows` x `inner`, b of `inner` x `columns`. */
  multiplyAdd(out: Float64Array, a: Float64Array, b: Float64Array, size: ProductSize): Promise<void>;
  /** out += scale x */
  addScaled(out: Float64Array, x: Float64Array, scale: number): void;
  /**
   * Fills `into`, of `factorValues(size)`, with the Cholesky factor of a symmetric matrix, in a form that only `solve` knows.
   * @param options.offDiagonal factor of everything but the diagonal, applied before. Default 1.
   * @param options.tolerance a pivot must be larger than this times the diagonal entry that it comes from
   */
  factor(
    into: Float64Array,
    matrix: Float64Array,
    options: { size: number; tolerance: number; offDiagonal?: number },
  ): Promise<Factorisation>;
  /**
   * Replaces each row x of `rows` by x A^-1, `factor` being what was made of A.
   * @param options.room working space: as many rows are solved together as it holds, at least one
   */
  solve(rows: Float64Array, factor: Float64Array, options: { size: number; room: Float64Array }): Promise<void>;
}

/** Columns of a block of a factor. */
export const FACTOR_BLOCK = 256;

/** Values of a factor of a matrix of `size` rows: the blocks of its lower triangle, and the inverses of those on the diagonal. */
export function factorValues(size: number): number {
  let values = 0;
  for (let from = 0; from < size; from += FACTOR_BLOCK) {
    const width = Math.min(FACTOR_BLOCK, size - from);
    values += (size - from + width) * width;
  }
  return values;
}
