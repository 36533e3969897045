/**
 * The SIMD kernels that a merge method may call. Every argument that is an array lies in the kernels' own memory:
 * pass the views that a `Block` hands out, never arrays of your own. All arithmetic is float32 with IEEE rounding,
 * no fused or relaxed operations, so the bits are the same on every machine. Lengths are those of the first array.
 */
export interface Kernels {
  /** out[i] = value */
  fill(out: Float32Array, value: number): void;
  /** out[i] = x[i] */
  copy(out: Float32Array, x: Float32Array): void;
  /** out[i] = a * x[i] */
  scale(out: Float32Array, x: Float32Array, a: number): void;
  /** out[i] += a * x[i] */
  addScaled(out: Float32Array, x: Float32Array, a: number): void;
  /** out[i] = x[i] - y[i]: a task vector */
  subtract(out: Float32Array, x: Float32Array, y: Float32Array): void;
  /** out[i] = x[i] + y[i] */
  add(out: Float32Array, x: Float32Array, y: Float32Array): void;
  /** Sum of |x[i]| in float64, in order of lanes: the same bits for the same array. */
  absoluteSum(x: Float32Array): number;
  /** x[i] = |x[i]| >= threshold ? x[i] : 0 */
  keepAtLeast(x: Float32Array, threshold: number): void;
  /** x[i] = |x[i]| > threshold ? x[i] : 0 */
  keepAbove(x: Float32Array, threshold: number): void;
  /**
   * Counts order keys into `histogram` (see `orderKey`): keys of magnitude |x| with `absolute`, else of x itself.
   * A key k falls into bin (k - low) >> shift; keys below `low` are counted in the return value, keys beyond the
   * last bin are not counted.
   */
  histogram(x: Float32Array, histogram: Uint32Array, window: HistogramWindow): number;
}

/** The part of the order keys that a histogram resolves. */
export interface HistogramWindow {
  /** Lowest order key (unsigned 32 bit) inside the window. */
  low: number;
  /** Each bin spans 2^shift keys. */
  shift: number;
  /** Count |x| instead of x. */
  absolute: boolean;
}
