// TIES over models as they are stored: task vectors, trimming, consensus and the way back to a model in one pass, so that
// no row is written between them. `rows` points to a table of the models' addresses (32-bit), `thresholds`, `scales` and
// `weights` to one number per model.
import { valuesAt } from "./stored";

/** The models' terms of two vectors, between election and sum. As many as the tables have rows. */
const TERMS: usize = memory.data(1024 * 32, 16);

@inline
function entry(table: usize, j: i32): v128 {
  return v128.load32_splat(table + (<usize>j << 2));
}

/** model - base where its magnitude is at least the threshold, else 0. */
@inline
function trimmedVector(model: v128, base: v128, threshold: v128): v128 {
  const tau = f32x4.sub(model, base);
  return v128.and(tau, f32x4.ge(f32x4.abs(tau), threshold));
}

/**
 * out = base + lambda * consensus of scale * trimmed task vector; the consensus is that of `elect`.
 */
export function electTrimmed(
  out: usize, base: usize, rows: usize, thresholds: usize, scales: usize, weights: usize, count: i32, n: i32,
  mode: i32, zero: f32, lambda: f32,
): void {
  electStored(out, base, rows, thresholds, scales, weights, count, n, mode, zero, lambda, false);
}

/** The same for models and a base of bfloat16. */
export function electTrimmedBfloat16(
  out: usize, base: usize, rows: usize, thresholds: usize, scales: usize, weights: usize, count: i32, n: i32,
  mode: i32, zero: f32, lambda: f32,
): void {
  electStored(out, base, rows, thresholds, scales, weights, count, n, mode, zero, lambda, true);
}

@inline
function electStored(
  out: usize, base: usize, rows: usize, thresholds: usize, scales: usize, weights: usize, count: i32, n: i32,
  mode: i32, zero: f32, lambda: f32, half: bool,
): void {
  const isPlain = count <= 4 && mode != 2 && zero != 0 && areOnes(scales, count) && areOnes(weights, count);
  if (isPlain) electPlain(out, base, rows, thresholds, count, n, mode, zero, lambda, half);
  else if (mode == 0) electLoop(out, base, rows, thresholds, scales, weights, count, n, 0, zero, lambda, half);
  else if (mode == 1) electLoop(out, base, rows, thresholds, scales, weights, count, n, 1, zero, lambda, half);
  else electLoop(out, base, rows, thresholds, scales, weights, count, n, 2, zero, lambda, half);
}

function areOnes(table: usize, count: i32): bool {
  for (let j: i32 = 0; j < count; j++) if (load<f32>(table + (<usize>j << 2)) != 1) return false;
  return true;
}

/** The same for up to four models without scales and weights, whose terms stay in registers. */
@inline
function electPlain(
  out: usize, base: usize, rows: usize, thresholds: usize, count: i32, n: i32, mode: i32, zero: f32, lambda: f32,
  half: bool,
): void {
  if (mode == 1) {
    if (count == 1) plainLoop(out, base, rows, thresholds, 1, n, true, zero, lambda, half);
    else if (count == 2) plainLoop(out, base, rows, thresholds, 2, n, true, zero, lambda, half);
    else if (count == 3) plainLoop(out, base, rows, thresholds, 3, n, true, zero, lambda, half);
    else plainLoop(out, base, rows, thresholds, 4, n, true, zero, lambda, half);
  } else if (count == 1) plainLoop(out, base, rows, thresholds, 1, n, false, zero, lambda, half);
  else if (count == 2) plainLoop(out, base, rows, thresholds, 2, n, false, zero, lambda, half);
  else if (count == 3) plainLoop(out, base, rows, thresholds, 3, n, false, zero, lambda, half);
  else plainLoop(out, base, rows, thresholds, 4, n, false, zero, lambda, half);
}

/** Inlined with constants for `count`, `isMean` and `half`. A sum of zero elects the sign of `zero`. */
@inline
function plainLoop(
  out: usize, base: usize, rows: usize, thresholds: usize, count: i32, n: i32, isMean: bool, zero: f32, lambda: f32,
  half: bool,
): void {
  const nothing = f32x4.splat(0);
  const one = f32x4.splat(1);
  const lam = f32x4.splat(lambda);
  const signBit = i32x4.splat(0x80000000);
  const first = <usize>load<u32>(rows);
  const second = count > 1 ? <usize>load<u32>(rows, 4) : 0;
  const third = count > 2 ? <usize>load<u32>(rows, 8) : 0;
  const fourth = count > 3 ? <usize>load<u32>(rows, 12) : 0;
  const firstThreshold = entry(thresholds, 0);
  const secondThreshold = count > 1 ? entry(thresholds, 1) : nothing;
  const thirdThreshold = count > 2 ? entry(thresholds, 2) : nothing;
  const fourthThreshold = count > 3 ? entry(thresholds, 3) : nothing;
  // Below zero, or not above it where zero elects minus: the least magnitude decides which.
  const boundary = zero > 0 ? nothing : f32x4.splat(reinterpret<f32>(1));
  for (let i: i32 = 0; i < n; i += 4) {
    const o = <usize>i << 2;
    const b = valuesAt(base, i, half);
    const w = trimmedVector(valuesAt(first, i, half), b, firstThreshold);
    let x = nothing;
    let y = nothing;
    let z = nothing;
    let total = w;
    if (count > 1) total = f32x4.add(total, (x = trimmedVector(valuesAt(second, i, half), b, secondThreshold)));
    if (count > 2) total = f32x4.add(total, (y = trimmedVector(valuesAt(third, i, half), b, thirdThreshold)));
    if (count > 3) total = f32x4.add(total, (z = trimmedVector(valuesAt(fourth, i, half), b, fourthThreshold)));
    const sign = v128.and(f32x4.lt(total, boundary), signBit);
    let counts = agrees(w, sign);
    let kept = v128.and(w, counts);
    let divisor = counts;
    if (count > 1) {
      counts = agrees(x, sign);
      kept = f32x4.add(kept, v128.and(x, counts));
      if (isMean) divisor = i32x4.add(divisor, counts);
    }
    if (count > 2) {
      counts = agrees(y, sign);
      kept = f32x4.add(kept, v128.and(y, counts));
      if (isMean) divisor = i32x4.add(divisor, counts);
    }
    if (count > 3) {
      counts = agrees(z, sign);
      kept = f32x4.add(kept, v128.and(z, counts));
      if (isMean) divisor = i32x4.add(divisor, counts);
    }
    // A lane that agrees is -1.
    if (isMean) kept = f32x4.div(kept, f32x4.pmax(f32x4.convert_i32x4_s(i32x4.neg(divisor)), one));
    v128.store(out + o, f32x4.add(f32x4.mul(kept, lam), b));
  }
}

/** The lanes whose term is above zero once the elected sign is taken out. */
@inline
function agrees(term: v128, sign: v128): v128 {
  return f32x4.gt(v128.xor(term, sign), f32x4.splat(0));
}

/** Inlined with constants for `mode` and `half`, so that the inner loop has no branch on them. */
@inline
function electLoop(
  out: usize, base: usize, rows: usize, thresholds: usize, scales: usize, weights: usize, count: i32, n: i32,
  mode: i32, zero: f32, lambda: f32, half: bool,
): void {
  const forZero = f32x4.splat(zero);
  const lam = f32x4.splat(lambda);
  let i: i32 = 0;
  // Two vectors at a time share the look-ups of a model's numbers.
  for (; i + 8 <= n; i += 8) {
    const o = <usize>i << 2;
    const b = valuesAt(base, i, half);
    const d = valuesAt(base, i + 4, half);
    let total = f32x4.splat(0);
    let next = f32x4.splat(0);
    for (let j: i32 = 0; j < count; j++) {
      const row = <usize>load<u32>(rows + (<usize>j << 2));
      const threshold = entry(thresholds, j);
      const scale = entry(scales, j);
      const weight = entry(weights, j);
      const x = f32x4.mul(f32x4.mul(trimmedVector(valuesAt(row, i, half), b, threshold), scale), weight);
      const y = f32x4.mul(f32x4.mul(trimmedVector(valuesAt(row, i + 4, half), d, threshold), scale), weight);
      v128.store(TERMS + (<usize>j << 5), x);
      v128.store(TERMS + (<usize>j << 5), y, 16);
      total = f32x4.add(total, x);
      next = f32x4.add(next, y);
    }
    const first = consensus(TERMS, weights, count, mode, electedSign(total, forZero));
    const second = consensus(TERMS + 16, weights, count, mode, electedSign(next, forZero));
    v128.store(out + o, f32x4.add(f32x4.mul(first, lam), b));
    v128.store(out + o, f32x4.add(f32x4.mul(second, lam), d), 16);
  }
  for (; i < n; i += 4) {
    const o = <usize>i << 2;
    const b = valuesAt(base, i, half);
    let total = f32x4.splat(0);
    for (let j: i32 = 0; j < count; j++) {
      const x = valuesAt(<usize>load<u32>(rows + (<usize>j << 2)), i, half);
      const scaled = f32x4.mul(trimmedVector(x, b, entry(thresholds, j)), entry(scales, j));
      const term = f32x4.mul(scaled, entry(weights, j));
      v128.store(TERMS + (<usize>j << 5), term);
      total = f32x4.add(total, term);
    }
    const kept = consensus(TERMS, weights, count, mode, electedSign(total, forZero));
    v128.store(out + o, f32x4.add(f32x4.mul(kept, lam), b));
  }
}

@inline
function electedSign(total: v128, forZero: v128): v128 {
  return v128.bitselect(forZero, total, f32x4.eq(total, f32x4.splat(0)));
}

/** What the terms that agree with the elected sign become. */
@inline
function consensus(terms: usize, weights: usize, count: i32, mode: i32, elected: v128): v128 {
  const nothing = f32x4.splat(0);
  const isElected = f32x4.ne(elected, nothing);
  const sign = v128.and(elected, i32x4.splat(0x80000000));
  let kept = nothing;
  let divisor = nothing;
  for (let j: i32 = 0; j < count; j++) {
    const x = v128.load(terms + (<usize>j << 5));
    // With the elected sign taken out, terms that agree are above zero.
    const counts = v128.and(f32x4.gt(v128.xor(x, sign), nothing), isElected);
    const value = v128.and(x, counts);
    if (mode == 2) kept = v128.bitselect(value, kept, f32x4.gt(f32x4.abs(value), f32x4.abs(kept)));
    else kept = f32x4.add(kept, value);
    if (mode == 1) divisor = f32x4.add(divisor, v128.and(entry(weights, j), counts));
  }
  if (mode == 1) kept = f32x4.div(kept, v128.bitselect(f32x4.splat(1), divisor, f32x4.eq(divisor, nothing)));
  return kept;
}

/**
 * Counts where the weighted sum of the trimmed task vectors, in float64 and rounded once, is below zero (counts[0]) and
 * where it is zero (counts[1]); `weights` are float64 here.
 */
export function trimmedSigns(
  base: usize, rows: usize, thresholds: usize, weights: usize, count: i32, n: i32, counts: usize,
): void {
  countSigns(base, rows, thresholds, weights, count, n, counts, false);
}

/** The same for models and a base of bfloat16. */
export function trimmedSignsBfloat16(
  base: usize, rows: usize, thresholds: usize, weights: usize, count: i32, n: i32, counts: usize,
): void {
  countSigns(base, rows, thresholds, weights, count, n, counts, true);
}

@inline
function countSigns(
  base: usize, rows: usize, thresholds: usize, weights: usize, count: i32, n: i32, counts: usize, half: bool,
): void {
  const nothing = f32x4.splat(0);
  let negative = i32x4.splat(0);
  let zero = i32x4.splat(0);
  for (let i: i32 = 0; i < n; i += 4) {
    const b = valuesAt(base, i, half);
    let low = f64x2.splat(0);
    let high = f64x2.splat(0);
    for (let j: i32 = 0; j < count; j++) {
      const x = trimmedVector(valuesAt(<usize>load<u32>(rows + (<usize>j << 2)), i, half), b, entry(thresholds, j));
      const w = v128.load64_splat(weights + (<usize>j << 3));
      low = f64x2.add(low, f64x2.mul(f64x2.promote_low_f32x4(x), w));
      high = f64x2.add(high, f64x2.mul(f64x2.promote_low_f32x4(i32x4.shuffle(x, x, 2, 3, 2, 3)), w));
    }
    const sum = i32x4.shuffle(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 1, 4, 5);
    // The padding of the last vector is not of the block.
    const isPadding = i32x4.ge_s(i32x4(0, 1, 2, 3), i32x4.splat(n - i));
    negative = i32x4.sub(negative, v128.andnot(f32x4.lt(sum, nothing), isPadding));
    zero = i32x4.sub(zero, v128.andnot(f32x4.eq(sum, nothing), isPadding));
  }
  store<u32>(counts, load<u32>(counts) + lanesOf(negative));
  store<u32>(counts, load<u32>(counts, 4) + lanesOf(zero), 4);
}

@inline
function lanesOf(v: v128): u32 {
  const low = <u32>i32x4.extract_lane(v, 0) + <u32>i32x4.extract_lane(v, 1);
  return low + <u32>i32x4.extract_lane(v, 2) + <u32>i32x4.extract_lane(v, 3);
}
