import type { TaskKernels } from './task-kernels.ts';
/**
 * The SIMD kernels that a merge method may call. Arrays must be rows of a `Block` (`models`, `base`, `out`,
 * `scratch()`): they lie in the kernels' own memory. All arithmetic is float32 (float64 where it says so) with IEEE
 * rounding, no fused or relaxed operations, so the bits are the same on every machine. Lengths are those of the first
 * array.
 */
export interface Kernels {
  /** out[i] = value */
  fill(out: Float32Array, value: number): void;
  /** out[i] = a x[i] */
  scale(out: Float32Array, x: Float32Array, a: number): void;
  /** out[i] += a x[i] */
  addScaled(out: Float32Array, x: Float32Array, a: number): void;
  /** out[i] = x[i] - y[i]: a task vector */
  subtract(out: Float32Array, x: Float32Array, y: Float32Array): void;
  /** out[i] = x[i] + y[i] */
  add(out: Float32Array, x: Float32Array, y: Float32Array): void;
  /** out[i] = x[i] y[i] */
  multiply(out: Float32Array, x: Float32Array, y: Float32Array): void;
  /** out[i] = e^(a x[i] + b); the exponent is clamped to [-87, 87]. */
  exponential(out: Float32Array, x: Float32Array, a: number, b: number): void;
  /** out[i] = tanh x[i] */
  hyperbolicTangent(out: Float32Array, x: Float32Array): void;
  /** Sum of |x[i]| in float64, lanes in a fixed order. */
  absoluteSum(x: Float32Array): number;
  /** Sum of x[i] in float64, lanes in a fixed order. */
  sum(x: Float32Array): number;
  /** Smallest and largest value. */
  range(x: Float32Array): { low: number; high: number };
  /** out[i] = |x[i]| >= threshold ? x[i] : 0 */
  keepAtLeast(out: Float32Array, x: Float32Array, threshold: number): void;
  /** How many values have a magnitude of at least `threshold`. */
  countAtLeast(x: Float32Array, threshold: number): number;
  /** out[i] = sum over j of weights[j] rows[j][i], rows in order, in float64 and rounded once */
  weightedSum(out: Float32Array, rows: readonly StoredRow[], weights: readonly number[]): void;
  /**
   * out[i] = base[i] + sum over j of weights[j] (models[j][i] - base[i]): each difference in float32, their sum as that of
   * `weightedSum`
   */
  addTaskVectors(
    out: Float32Array,
    rows: { base: StoredRow; models: readonly StoredRow[] },
    weights: readonly number[],
  ): void;
  /**
   * Sign consensus. The elected sign is that of sum_j weights[j] rows[j][i], or `zero` where that sum is zero; terms
   * that disagree with it, and zeros, do not count. `sum`: the terms' sum; `mean`: that over the sum of the weights of
   * the terms that count; `max`: the term of largest magnitude.
   */
  elect(
    out: Float32Array,
    rows: readonly Float32Array[],
    weights: readonly number[],
    options: { merge: 'sum' | 'mean' | 'max'; zero: 1 | 0 | -1 },
  ): void;
  /**
   * out = base + lambda times the consensus (as of `elect`) of the models' trimmed task vectors, each scaled by its
   * `scales` first
   */
  electTrimmed(
    out: Float32Array,
    rows: TrimmedRows & { scales: readonly number[] },
    options: { merge: 'sum' | 'mean' | 'max'; zero: 1 | 0 | -1; lambda: number },
  ): void;
  /** Counts the signs of the weighted sums of the trimmed task vectors, each taken in float64 and rounded once. */
  trimmedSigns(rows: TrimmedRows): { negative: number; zero: number };
  /**
   * Counts order keys into `histogram` (an `AccumulatorMemory` array); returns how many keys lie below the window.
   */
  histogram(x: Float32Array, histogram: Uint32Array, window: HistogramWindow): number;
  /**
   * Appends the order keys inside a range to `collected.keys` and counts them and the keys below it. Keys beyond the
   * array's length are counted, not stored.
   */
  collect(x: Float32Array, collected: CollectedKeys, range: KeyRange): void;
  /** `collect` of the magnitudes |x - y| for several ranges of their keys in one pass: no difference is written down. */
  collectDistances(x: StoredRow, y: StoredRow, into: readonly KeysInRange[]): void;
  /** Kernels of PCB-Merging (arXiv 2410.02396). */
  readonly pcb: PcbKernels;
  /** Kernels of task masks. */
  readonly tasks: TaskKernels;
  /** Kernels of evolutionary merging. */
  readonly evolution: EvolutionKernels;
}

/** Values in float32, or in bfloat16 as it is stored. Rows that a kernel works on together are of one kind. */
export type StoredRow = Float32Array | Uint16Array;

/** Task vectors (model minus base) that are zero where their magnitude lies below the model's threshold. */
export interface TrimmedRows {
  base: StoredRow;
  models: readonly StoredRow[];
  /** One per model; infinity keeps nothing. */
  thresholds: readonly number[];
  weights: readonly number[];
}

/** The random numbers that decide a crossover: one stream for each child and tensor. */
export interface CrossoverStream {
  /** Key of the generator: two words of 32 bits. */
  key: readonly [number, number];
  /** Element of the tensor that the first element of the row is. */
  offset: number;
  /** A scalar is taken where U < `crossover`, U uniform in [0, 1) in steps of 2^-32. */
  crossover: number;
}

/**
 * The two halves of a step of Evolver (arXiv 2406.12208): which scalars a child takes from its mutant, and the child.
 * Random numbers depend on key and element alone (Threefry-2x32-20), so any piece of a child is made without the rest.
 */
export interface EvolutionKernels {
  /** Sets all bits of mask[i] where the scalar is taken, none elsewhere. */
  crossoverMask(mask: Float32Array, stream: CrossoverStream): void;
  /** out = parent + scale (first - second) where the mask is set, in float64 and rounded once; parent elsewhere */
  differential(
    out: Float32Array,
    rows: { parent: Float32Array; first: Float32Array; second: Float32Array; mask: Float32Array },
    scale: number,
  ): void;
  /** out = (1 - scale) parent + scale reference where the mask is set, in float64 and rounded once; parent elsewhere */
  blend(
    out: Float32Array,
    rows: { parent: Float32Array; reference: Float32Array; mask: Float32Array },
    scale: number,
  ): void;
}

/** The clamping bounds of one task vector's magnitudes: order statistics over the whole vector. */
export interface MagnitudeBounds {
  low: number;
  high: number;
}

export interface BalanceOptions extends MagnitudeBounds {
  /** Number of models, the factor of u^2. */
  count: number;
  /** Taken from the exponent. */
  shift: number;
}

/** Fused steps of PCB-Merging; u is the min-max normalised clamped magnitude (0 where a row has no spread). */
export interface PcbKernels {
  /** out = sign(tau) u */
  signedNormalised(out: Float32Array, tau: Float32Array, bounds: MagnitudeBounds): void;
  /** out = sign(tau) times the clamped magnitude */
  clampMagnitude(out: Float32Array, tau: Float32Array, bounds: MagnitudeBounds): void;
  /** out = exp(count u^2 - shift) tanh(tau total) */
  balance(out: Float32Array, tau: Float32Array, total: Float32Array, options: BalanceOptions): void;
  /**
   * Puts to the front of `out`, in order, every balance that is at least `least` (above zero) and perhaps some that are a
   * little less; returns their number. All others are below `least`.
   */
  competitors(
    out: Float32Array,
    tau: Float32Array,
    total: Float32Array,
    options: BalanceOptions & { least: number },
  ): number;
  /** `balance`, `clampMagnitude` and `accumulateWeighted` in one, for a threshold above zero. */
  accumulateCompetitors(
    sums: QuotientRows,
    tau: Float32Array,
    total: Float32Array,
    options: BalanceOptions & { threshold: number; inverse: number; lambda: number },
  ): void;
  /** Values of `work` that the kernels over all models at once need. */
  workOf(models: number): number;
  /**
   * `competitors` of all models at once, over models as they are stored: nothing is written between them. Fills the front of each of
   * `outs`; returns how many values stand there. `notes` takes what `mergeNoted` needs of them, where it has room: `noted` says how
   * many of each model it holds.
   */
  modelCompetitors(
    outs: readonly Float32Array[],
    rows: CompetingRows<StoredRow>,
    options: { count: number; shift: number; least: readonly number[]; notes?: Float32Array | undefined },
  ): { found: number[]; noted?: number[] | undefined };
  /** Moves the notes of a block together; returns how many values at the front of `notes` then hold them. */
  packNotes(notes: Float32Array, noted: readonly number[]): number;
  /** `mergeCompetitors` from notes whose `least` was not above the thresholds. */
  mergeNoted(
    out: Float32Array,
    base: Float32Array,
    options: {
      notes: Float32Array;
      noted: readonly number[];
      bounds: readonly MagnitudeBounds[];
      floor: number;
      competitions: readonly { threshold: number; inverse: number; lambda: number }[];
      /** Room for what `workOf` says. */
      work: Float32Array;
    },
  ): void;
  /** out = base + the quotient of what `accumulateCompetitors` sums up over all models, over models as they are stored */
  mergeCompetitors(
    out: Float32Array,
    rows: CompetingRows,
    options: {
      count: number;
      shift: number;
      floor: number;
      competitions: readonly { threshold: number; inverse: number; lambda: number }[];
    },
  ): void;
  /** out += tanh(x y) */
  addTanhProduct(out: Float32Array, x: Float32Array, y: Float32Array): void;
  /** out *= exp(count u^2 - shift) for a row u that is normalised already */
  multiplyIntra(out: Float32Array, u: Float32Array, options: { count: number; shift: number }): void;
  /** w = max(balance - threshold, 0) inverse; sums.numerator += lambda x w; sums.denominator += w */
  accumulateWeighted(
    sums: QuotientRows,
    x: Float32Array,
    balance: Float32Array,
    options: { threshold: number; inverse: number; lambda: number },
  ): void;
  /** w = balance >= threshold ? factor balance : 0; sums.numerator += lambda x w; sums.denominator += w */
  accumulateSurvivors(
    sums: QuotientRows,
    x: Float32Array,
    balance: Float32Array,
    options: { threshold: number; factor: number; lambda: number },
  ): void;
  /** out = base + numerator / max(denominator, floor), and base where the denominator is 0 */
  finishQuotient(out: Float32Array, base: Float32Array, sums: QuotientRows, floor: number): void;
}

/** Models that compete over a block, as they are stored. */
export interface CompetingRows<Row extends StoredRow = Float32Array> {
  base: Row;
  models: readonly Row[];
  /** One per model. */
  bounds: readonly MagnitudeBounds[];
  /** Room to work in: `workOf` values. */
  work: Float32Array;
}

export interface QuotientRows {
  numerator: Float32Array;
  denominator: Float32Array;
}

/** The part of the order keys that a histogram resolves. A key k falls into bin (k - low) >> shift. */
export interface HistogramWindow {
  /** Lowest order key (unsigned 32 bit) inside the window. */
  low: number;
  /** Each bin spans 2^shift keys. */
  shift: number;
  /** Count |x| instead of x. */
  absolute: boolean;
}

/** An inclusive range of order keys. */
export interface KeyRange {
  low: number;
  high: number;
  /** Take |x| instead of x. */
  absolute: boolean;
}

/** What `collectDistances` fills for a range, whose keys are those of magnitudes. */
export interface KeysInRange extends CollectedKeys {
  low: number;
  high: number;
}

/** What `collect` fills; both are `AccumulatorMemory` arrays. */
export interface CollectedKeys {
  keys: Uint32Array;
  /** counts[0]: keys below the range; counts[1]: keys inside it. */
  counts: Uint32Array;
}
