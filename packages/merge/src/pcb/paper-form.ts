import { type Block, defineSweep, type MethodProgram, type Sweep } from '@hubfuse/plugin';
import { floatSums } from '../statistics/float-sums.ts';
import { orderStatistics } from '../statistics/order-statistics.ts';
import { modelNumbers, taskVectors } from '../statistics/task-vectors.ts';
import { thresholdRank } from './forms.ts';

/** Keeps a quotient of two denormal sums from being a division by zero; it never decides a value. */
const LEAST_DENOMINATOR = 1.2e-38;

interface Range {
  low: number;
  high: number;
}

/** Results of the first two sweeps, per ordered pair (i, j) at index i N + j. */
interface Normalisers {
  /** Range of tau_i tau_j over the vector. */
  ranges: Range[];
  /** Sums over the vector of exp(norm(tau_i tau_j) - 1), for i = j of exp(N (norm - 1)) at index N^2 + i. */
  sums: number[];
}

/**
 * The literal form of the paper: two softmax factors over the whole vector, no clamp, survivors keep their balance. The
 * softmax denominators are sums over all D scalars; the balance is computed with the row's own constants taken out,
 * which would underflow (about 1 / D^2), and the constants of the rows are brought back as factors relative to each
 * other.
 */
export function paperProgram({ scope, models }: { scope: 'tensor' | 'model'; models: number }): MethodProgram {
  const thresholds = orderStatistics({
    name: 'thresholds of the balance',
    absolute: false,
    rows: (block, previous) => balances(block, normalisers(previous)).balances,
    ranks: (group) => {
      const rank = thresholdRank(group.length, group.parameters.global.ratio as number);
      return Array.from({ length: models }, () => [rank]);
    },
  });
  return {
    scope,
    sweeps: [productRanges(models), softmaxSums(models), thresholds],
    write(block, results) {
      const known = normalisers(results);
      const selected = results[2] as number[][];
      const lambdas = modelNumbers(block, 'lambda');
      const factors = rowFactors(known, models);
      const { taus, balances: rows } = balances(block, known);
      const sums = { numerator: block.scratch(), denominator: block.scratch() };
      block.kernels.fill(sums.numerator, 0);
      block.kernels.fill(sums.denominator, 0);
      taus.forEach((tau, i) => {
        block.kernels.pcb.accumulateSurvivors(sums, tau, rows[i] as Float32Array, {
          threshold: selected[i]?.[0] ?? Number.POSITIVE_INFINITY,
          factor: factors[i] as number,
          lambda: lambdas[i] as number,
        });
      });
      block.kernels.pcb.finishQuotient(block.out, block.base, sums, LEAST_DENOMINATOR);
    },
  };
}

function normalisers([ranges, sums]: readonly unknown[]): Normalisers {
  return { ranges: ranges as Range[], sums: sums as number[] };
}

/** Smallest and largest product of each pair of task vectors. */
function productRanges(models: number): Sweep {
  return defineSweep<null, Range[], Range[], Range[]>({
    name: 'ranges of the products of task vectors',
    start: () => null,
    open: () =>
      Array.from({ length: models * models }, () => ({
        low: Number.POSITIVE_INFINITY,
        high: Number.NEGATIVE_INFINITY,
      })),
    map(block, _, ranges) {
      const taus = taskVectors(block);
      const product = block.scratch();
      forEachPair(taus, (x, y, index) => {
        block.kernels.multiply(product, x, y);
        ranges[index] = join(ranges[index] as Range, block.kernels.range(product));
      });
    },
    close: (ranges) => ranges,
    reduce: (left, right) => left.map((range, i) => join(range, right[i] as Range)),
    exact: true,
    finish: (total) => ({ result: total }),
  });
}

function softmaxSums(models: number): Sweep {
  return floatSums({
    name: 'denominators of the softmax',
    count: models * models + models,
    add(block, sums, [ranges]) {
      const taus = taskVectors(block);
      const product = block.scratch();
      const exponential = block.scratch();
      forEachPair(taus, (x, y, index) => {
        const range = (ranges as Range[])[index] as Range;
        block.kernels.multiply(product, x, y);
        normalisedExponential(block, { out: exponential, product, range, count: 1 });
        sums[index] = (sums[index] as number) + block.kernels.sum(exponential);
        if (x !== y) return;
        const own = models * models + Math.floor(index / models);
        normalisedExponential(block, { out: exponential, product, range, count: models });
        sums[own] = (sums[own] as number) + block.kernels.sum(exponential);
      });
    },
  });
}

/** b_i = exp(N (norm(tau_i^2) - 1)) * sum_j exp(norm(tau_i tau_j) - 1) * (least Z_ij of the row) / Z_ij */
function balances(block: Block, known: Normalisers): { taus: Float32Array[]; balances: Float32Array[] } {
  const { kernels } = block;
  const taus = taskVectors(block);
  const models = taus.length;
  const product = block.scratch();
  const exponential = block.scratch();
  const rows = taus.map(() => block.scratch());
  for (const row of rows) kernels.fill(row, 0);
  forEachPair(taus, (x, y, index) => {
    const i = Math.floor(index / models);
    kernels.multiply(product, x, y);
    normalisedExponential(block, { out: exponential, product, range: known.ranges[index] as Range, count: 1 });
    const scale = leastSum(known, { row: i, models }) / (known.sums[index] as number);
    kernels.addScaled(rows[i] as Float32Array, exponential, scale);
  });
  taus.forEach((tau, i) => {
    const range = known.ranges[i * models + i] as Range;
    kernels.multiply(product, tau, tau);
    normalisedExponential(block, { out: exponential, product, range, count: models });
    kernels.multiply(rows[i] as Float32Array, rows[i] as Float32Array, exponential);
  });
  return { taus, balances: rows };
}

/** What each row's balance must be multiplied by, relative to the largest. */
function rowFactors(known: Normalisers, models: number): number[] {
  const factors = Array.from({ length: models }, (_, i) => {
    const own = known.sums[models * models + i] as number;
    return 1 / (own * leastSum(known, { row: i, models }));
  });
  const largest = Math.max(...factors);
  return factors.map((factor) => factor / largest);
}

function leastSum(known: Normalisers, { row, models }: { row: number; models: number }): number {
  return Math.min(...known.sums.slice(row * models, (row + 1) * models));
}

/** out = exp(count (norm(product) - 1)), norm being the min-max over the vector (0 without spread). */
function normalisedExponential(
  block: Block,
  options: { out: Float32Array; product: Float32Array; range: Range; count: number },
): void {
  const { low, high } = options.range;
  const inverse = high > low ? 1 / (high - low) : 0;
  const slope = options.count * inverse;
  block.kernels.exponential(options.out, options.product, slope, -low * slope - options.count);
}

function forEachPair(
  rows: readonly Float32Array[],
  visit: (x: Float32Array, y: Float32Array, index: number) => void,
): void {
  rows.forEach((x, i) => {
    rows.forEach((y, j) => {
      visit(x, y, i * rows.length + j);
    });
  });
}

function join(a: Range, b: Range): Range {
  return { low: Math.min(a.low, b.low), high: Math.max(a.high, b.high) };
}
