/**
 * The merge methods once more, in float64, by sorting, over whole vectors: written from the formulas of the papers and
 * of the authors' code, sharing nothing with the streaming implementation that they check.
 */

/** A merged vector and the positions where rounding may decide otherwise (a value next to its threshold). */
export interface Reference {
  merged: Float64Array;
  fragile: ReadonlySet<number>;
}

type Vector = Float64Array;

/** Relative distance to a threshold below which float32 may decide otherwise. */
const CLOSE = 1e-5;

const at = (values: ArrayLike<number>, index: number): number => values[index] as number;
const sorted = (values: Vector): Vector => Float64Array.from(values).sort();

export function weightedSum(rows: readonly Vector[], weights: readonly number[]): Vector {
  const length = rows[0]?.length ?? 0;
  const sum = new Float64Array(length);
  rows.forEach((row, i) => {
    for (let k = 0; k < length; k++) sum[k] = at(sum, k) + at(weights, i) * at(row, k);
  });
  return sum;
}

/** Merged task vector of TIES with the sign elected by mass. */
export function ties(options: {
  taus: readonly Vector[];
  densities: readonly number[];
  weights: readonly number[];
  merge: 'mean' | 'sum' | 'max';
  /** mergekit keeps floor(density n) values; the authors keep what reaches the (n - trunc(n density))-th smallest. */
  rule: 'mergekit' | 'authors';
}): Reference {
  const { taus, densities, weights, merge, rule } = options;
  const fragile = new Set<number>();
  const trimmed = taus.map((tau, i) => {
    const magnitudes = tau.map(Math.abs);
    const order = sorted(magnitudes);
    const kept = at(densities, i) * tau.length;
    const rank = rule === 'mergekit' ? tau.length - Math.floor(kept) : Math.max(0, tau.length - Math.trunc(kept) - 1);
    const threshold = rank < tau.length ? at(order, rank) : Number.POSITIVE_INFINITY;
    markClose(magnitudes, threshold, fragile);
    return tau.map((value, k) => (at(magnitudes, k) >= threshold ? at(weights, i) * value : 0));
  });
  const merged = new Float64Array(taus[0]?.length ?? 0);
  const sums = weightedSum(
    trimmed,
    trimmed.map(() => 1),
  );
  const majority = Math.sign(sums.reduce((total, sum) => total + Math.sign(sum), 0));
  for (let k = 0; k < merged.length; k++) {
    const column = trimmed.map((row) => at(row, k));
    const sum = at(sums, k);
    const sign = Math.sign(sum) || (rule === 'mergekit' ? 1 : majority);
    if (sum !== 0 && Math.abs(sum) < CLOSE * Math.max(...column.map(Math.abs))) fragile.add(k);
    const agreeing = column.flatMap((value, i) => (value * sign > 0 ? [[value, at(weights, i)] as const] : []));
    if (agreeing.length === 0) continue;
    const total = agreeing.reduce((all, [value]) => all + value, 0);
    const weight = agreeing.reduce((all, [, share]) => all + share, 0);
    if (merge === 'max') merged[k] = sign * Math.max(...agreeing.map(([value]) => Math.abs(value)));
    else merged[k] = merge === 'mean' ? total / weight : total;
  }
  return { merged, fragile };
}

/** Merged task vector of PCB as the authors' code computes it. */
export function pcb(options: {
  taus: readonly Vector[];
  form: 'reference' | 'vision-search' | 'vision' | 'language';
  clamp: number;
  ratio: number;
  lambdas: readonly number[];
}): Reference {
  const { taus, form, clamp, ratio, lambdas } = options;
  const length = taus[0]?.length ?? 0;
  const models = taus.length;
  const magnitudes = taus.map((tau) => clampMagnitudes(tau, clamp));
  const clamped = taus.map((tau, i) => tau.map((value, k) => Math.sign(value) * at(magnitudes[i] as Vector, k)));
  const normalised = magnitudes.map(minMax);
  const signed = taus.map((tau, i) => tau.map((value, k) => Math.sign(value) * at(normalised[i] as Vector, k)));
  const rawSum = weightedSum(
    taus,
    taus.map(() => 1),
  );
  const signedSum = weightedSum(
    signed,
    taus.map(() => 1),
  );
  const fragile = new Set<number>();
  const weights = taus.map((tau, i) => {
    const u = normalised[i] as Vector;
    const b = new Float64Array(length);
    for (let k = 0; k < length; k++) {
      const agreement =
        form === 'vision-search'
          ? signed.reduce((sum, row) => sum + Math.tanh(at(signed[i] as Vector, k) * at(row, k)), 0)
          : Math.tanh(at(tau, k) * at(form === 'vision' ? signedSum : rawSum, k));
      b[k] = Math.exp(models * at(u, k) ** 2) * agreement;
    }
    const order = sorted(b);
    const threshold = at(order, Math.min(length - 1, Math.trunc(length * (1 - ratio))));
    const largest = at(order, length - 1);
    markClose(b, threshold, fragile);
    return b.map((value) => (largest > threshold ? Math.max(value - threshold, 0) / (largest - threshold) : 0));
  });
  const merged = new Float64Array(length);
  for (let k = 0; k < length; k++) {
    let [numerator, denominator] = [0, 0];
    clamped.forEach((row, i) => {
      numerator += at(lambdas, i) * at(row, k) * at(weights[i] as Vector, k);
      denominator += at(weights[i] as Vector, k);
    });
    merged[k] = numerator / Math.max(denominator, 1e-12);
  }
  return { merged, fragile };
}

/** Merged task vector of PCB as the paper writes it: two softmax factors over the row, survivors keep their product. */
export function pcbPaper(options: { taus: readonly Vector[]; ratio: number; lambdas: readonly number[] }): Reference {
  const { taus, ratio, lambdas } = options;
  const length = taus[0]?.length ?? 0;
  const models = taus.length;
  const fragile = new Set<number>();
  const product = (a: Vector, b: Vector) => minMax(a.map((value, k) => value * at(b, k)));
  const softmax = (row: Vector, scale: number) => {
    const powers = row.map((value) => Math.exp(scale * value));
    const sum = powers.reduce((total, value) => total + value, 0);
    return powers.map((value) => value / sum);
  };
  const kept = taus.map((tau) => {
    const intra = softmax(product(tau, tau), models);
    const inter = weightedSum(
      taus.map((other) => softmax(product(tau, other), 1)),
      taus.map(() => 1),
    );
    const b = intra.map((value, k) => value * at(inter, k));
    const threshold = at(sorted(b), Math.min(length - 1, Math.trunc(length * (1 - ratio))));
    markClose(b, threshold, fragile);
    return b.map((value) => (value >= threshold ? value : 0));
  });
  const merged = new Float64Array(length);
  for (let k = 0; k < length; k++) {
    const denominator = kept.reduce((sum, row) => sum + at(row, k), 0);
    if (denominator === 0) continue;
    merged[k] =
      taus.reduce((sum, tau, i) => sum + at(lambdas, i) * at(tau, k) * at(kept[i] as Vector, k), 0) / denominator;
  }
  return { merged, fragile };
}

/** Magnitudes clipped to the order statistics trunc(D c) and trunc(D (1 - c) - 1); c = 0 clips nothing. */
function clampMagnitudes(tau: Vector, clamp: number): Vector {
  const magnitudes = tau.map(Math.abs);
  if (clamp === 0) return magnitudes;
  const order = sorted(magnitudes);
  const low = at(order, Math.trunc(tau.length * clamp));
  const high = at(order, Math.max(0, Math.trunc(tau.length * (1 - clamp) - 1)));
  return magnitudes.map((magnitude) => Math.min(Math.max(magnitude, low), high));
}

function minMax(row: Vector): Vector {
  const low = row.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
  const high = row.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  return row.map((value) => (high > low ? (value - low) / (high - low) : 0));
}

function markClose(values: Vector, threshold: number, fragile: Set<number>): void {
  // A threshold near zero among large values is as uncertain as float32 makes the values.
  const scale = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const close = CLOSE * Math.abs(threshold) + 1e-7 * scale;
  values.forEach((value, k) => {
    if (value !== threshold && Math.abs(value - threshold) < close) fragile.add(k);
  });
}
