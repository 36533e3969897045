/**
 * Float64 matrix kernels. Arrays must lie in the kernels' own memory (`LinearLayer.float64`, `out`). Matrices are
 * row-major without gaps. Sums are taken in a fixed order without fused operations, so the bits are the same on every
 * machine.
 */
export interface MatrixKernels {
  /** out += scale a b, with a of `rows` x `inner`, b of `inner` x `columns`. */
  multiplyAdd(
    out: Float64Array,
    a: Float64Array,
    b: Float64Array,
    size: { rows: number; inner: number; columns: number; scale: number },
  ): void;
  /** out += scale x */
  addScaled(out: Float64Array, x: Float64Array, scale: number): void;
  /**
   * Replaces the lower triangle of a symmetric matrix by its Cholesky factor; the strict upper triangle becomes
   * undefined. A pivot must be larger than `tolerance` times the diagonal entry that it comes from.
   * @returns -1, or the index of the first pivot that is not
   */
  factor(matrix: Float64Array, size: number, tolerance: number): number;
  /** Replaces each row x of `rows` by x (L L^T)^-1, L being the factor that `factor` left. */
  solve(rows: Float64Array, factor: Float64Array, size: number): void;
}
