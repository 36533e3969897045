/** The difference of two scores on the same examples, with its paired 95 % interval. Fractions. */
export interface Difference {
  /** Left minus right. */
  value: number;
  /** Ends of the interval. It contains zero where the difference may as well be chance. */
  low: number;
  high: number;
  /** Of the paired randomisation test: how often swapping answers at random gives a difference at least as large. */
  p: number;
}

/** Level of the intervals. */
export const INTERVAL_LEVEL = 0.95;

/** Sums of fractions differ in their last bits by the order of adding; less than this is no difference. */
const NOTHING = 1e-12;

/**
 * The interval from resampled differences: the quantiles at 2.5 and 97.5 %, a little farther from the value for few
 * examples (Hesterberg, What Teachers Should Know About the Bootstrap, 2015, section 5.3), and zero with all between where
 * the randomisation test does not reject it at 5 %.
 */
export function differenceOf(options: {
  value: number;
  /** Differences over resamples; sorted in place. */
  resampled: Float64Array;
  /** Of the randomisation test. */
  p: number;
  /** Examples of the smallest dataset. */
  examples: number;
}): Difference {
  const { value, resampled, p, examples } = options;
  resampled.sort();
  const outside = Math.floor(((1 - INTERVAL_LEVEL) / 2) * (resampled.length + 1));
  const wider = (end: number) => value + (end - value) * smallSampleFactor(examples);
  const low = wider(resampled[Math.max(0, outside - 1)] ?? value);
  const high = wider(resampled[Math.min(resampled.length - 1, resampled.length - outside)] ?? value);
  const chance = p > 1 - INTERVAL_LEVEL;
  return {
    value: flat(value),
    low: flat(chance ? Math.min(low, 0) : low),
    high: flat(chance ? Math.max(high, 0) : high),
    p,
  };
}

/** The normal distribution's quantile at 97.5 %. */
const Z = 1.959964;

/** By how much Student's interval with n - 1 degrees of freedom is longer than the one of n resampled examples. */
function smallSampleFactor(examples: number): number {
  const free = Math.max(1, examples - 1);
  return Math.sqrt((free + 1) / free) * (1 + (Z * Z + 1) / (4 * free));
}

/** Whether the left score is better: the whole interval lies above zero. */
export function isBetter({ low }: Pick<Difference, 'low'>): boolean {
  return low > 0;
}

/** Without what only rounding made; and never -0. */
function flat(value: number): number {
  return Math.abs(value) < NOTHING ? 0 : value;
}

/** p of a test by chance: how many of the random differences are at least as far from zero as the real one. */
export function randomisationP(value: number, random: Float64Array): number {
  const bar = Math.abs(value) - NOTHING;
  const asFar = random.reduce((count, difference) => count + (Math.abs(difference) >= bar ? 1 : 0), 0);
  return (1 + asFar) / (1 + random.length);
}
