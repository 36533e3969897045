// Competitors of PCB-Merging (arXiv 2410.02396): the values whose balance may reach a threshold above zero. All others have weight
// zero, so that only the balances of these need be computed. Used by the kernels; not one itself.
import { lanesOfEight } from "./compact";
import { expVector, largerMagnitude, tanhInPlace } from "./transcendental";

/** Min-max normalised, clamped magnitude. */
@inline
function normalised(tau: v128, low: v128, high: v128, inverse: v128): v128 {
  // f32x4.abs would build the mask anew each time.
  const magnitude = f32x4.pmin(f32x4.pmax(v128.and(tau, i32x4.splat(0x7fffffff)), low), high);
  return f32x4.mul(f32x4.sub(magnitude, low), inverse);
}

@inline
export function withSign(magnitude: v128, source: v128): v128 {
  const sign = v128.and(source, i32x4.splat(0x80000000));
  // A zero has no sign: it must stay zero however large the clamped magnitude is.
  return v128.and(v128.or(magnitude, sign), f32x4.ne(source, f32x4.splat(0)));
}

/** sign(tau) * clamped magnitude. */
@inline
export function clamped(tau: v128, low: v128, high: v128): v128 {
  return withSign(f32x4.pmin(f32x4.pmax(f32x4.abs(tau), low), high), tau);
}

/** Values that are looked at between two uses of the tables below: these stay in the nearest cache. */
export const TILE: i32 = 1024;
/** Per competitor of a tile: its place in the block, task vector, and sum of the task vectors. */
export const PLACES: usize = memory.data(1024 * 4 + 16, 16);
export const TAUS: usize = memory.data(1024 * 4 + 16, 16);
export const TOTALS: usize = memory.data(1024 * 4 + 16, 16);
/** The places in half the room. */
const SHORT_PLACES: usize = memory.data(1024 * 2 + 16, 16);

/** exp(count * u^2 - shift), u the normalised magnitude. */
@inline
export function intraVector(tau: v128, l: v128, h: v128, inv: v128, c: v128, s: v128): v128 {
  const u = normalised(tau, l, h, inv);
  return expVector(f32x4.sub(f32x4.mul(c, f32x4.mul(u, u)), s));
}

/** out = tanh(x * y) for n values, rounded up to vectors. `out` may be x or y. */
@inline
export function tanhProducts(out: usize, x: usize, y: usize, n: i32): void {
  let largest = f32x4.splat(0);
  for (let i: i32 = 0; i < n; i += 4) {
    const o = <usize>i << 2;
    const product = f32x4.mul(v128.load(x + o), v128.load(y + o));
    largest = largerMagnitude(largest, product);
    v128.store(out + o, product);
  }
  tanhInPlace(out, n, largest);
}

/** Adding it leaves a number, in steps of 2^-10, in the low bits of the sum. */
const TENTH_BITS: f32 = 12288.0;
/** Log2 e, and the exponent's bias in float32. */
const LOG2_E: f32 = 1.44269504088896341;
const BIAS: f32 = 127.0;
/** What the estimate below may be too small by: 2^-11 in the exponent, and rounding. */
const MARGIN: f32 = 0.999;

/**
 * Finds the values of a tile whose balance may reach `least` (above zero) and puts their task vectors, sums and places
 * side by side into the tables; returns their number. The bound is tau * total >= tanh(tau * total) times a power of two
 * whose mantissa grows linearly, which lies at most 6.2 % above exp and never below it. Its exponent is the square of the
 * normalised magnitude, scaled by the root of count * log2 e that `scale` includes, and `bias`, which holds all that is added.
 */
@inline
function findCompetitors(
  tau: usize, total: usize, n: i32, l: v128, h: v128, scale: v128, bias: v128, bound: v128,
): i32 {
  const step = i16x8.splat(8);
  let first = i16x8.splat(0);
  let found: i32 = 0;
  let i: i32 = 0;
  for (; i + 8 <= n; i += 8) {
    const o = <usize>i << 2;
    const a = below(v128.load(tau + o), v128.load(total + o), l, h, scale, bias, bound);
    const b = below(v128.load(tau + o, 16), v128.load(total + o, 16), l, h, scale, bias, bound);
    // What is not a number is not below the bound: it goes on and is found on writing.
    const lanes = i16x8.bitmask(i16x8.narrow_i32x4_s(a, b)) ^ 255;
    v128.store(SHORT_PLACES + (<usize>found << 1), i16x8.add(lanesOfEight(lanes), first));
    found += popcnt(lanes);
    first = i16x8.add(first, step);
  }
  for (; i < n; i += 4) {
    const o = <usize>i << 2;
    const outside = i32x4.bitmask(below(v128.load(tau + o), v128.load(total + o), l, h, scale, bias, bound));
    // The padding of the last vector is not of the tile.
    const lanes = (outside ^ 15) & ((1 << min(n - i, 4)) - 1);
    v128.store(SHORT_PLACES + (<usize>found << 1), i16x8.add(lanesOfEight(lanes), i16x8.splat(<i16>i)));
    found += popcnt(lanes);
  }
  // Up to three places behind the last are whatever they are, but they are of the tile or its padding.
  for (let k: i32 = 0; k < found; k += 4) {
    const at = SHORT_PLACES + (<usize>k << 1);
    const a = <usize>load<u16>(at) << 2;
    const b = <usize>load<u16>(at, 2) << 2;
    const c = <usize>load<u16>(at, 4) << 2;
    const d = <usize>load<u16>(at, 6) << 2;
    v128.store(PLACES + (<usize>k << 2), v128.load16x4_u(at));
    v128.store(TAUS + (<usize>k << 2), gathered(tau, a, b, c, d));
    v128.store(TOTALS + (<usize>k << 2), gathered(total, a, b, c, d));
  }
  return found;
}

@inline
function gathered(x: usize, a: usize, b: usize, c: usize, d: usize): v128 {
  let v = v128.load32_zero(x + a);
  v = v128.load32_lane(x + b, v, 1);
  v = v128.load32_lane(x + c, v, 2);
  return v128.load32_lane(x + d, v, 3);
}

/** All bits of the lanes whose balance is surely below the bound. */
@inline
function below(t: v128, sum: v128, l: v128, h: v128, scale: v128, bias: v128, bound: v128): v128 {
  const v = normalised(t, l, h, scale);
  const power = i32x4.shl(f32x4.add(f32x4.mul(v, v), bias), 13);
  return f32x4.lt(f32x4.mul(f32x4.mul(t, sum), power), bound);
}

/** What is added in the exponent: rounded up to a step, so that the bound never falls short by it. */
@inline
function boundBias(shift: f32): v128 {
  return f32x4.splat(<f32>(ceil((<f64>BIAS + TENTH_BITS - <f64>shift * LOG2_E) * 1024) / 1024));
}

/** Writes the balances of a tile that may reach `least` (above zero) to `out`, in order; returns their number. */
export function tileCompetitors(
  out: usize, tau: usize, total: usize, n: i32, low: f32, high: f32, inverse: f32, count: f32, shift: f32, least: f32,
): i32 {
  const l = f32x4.splat(low);
  const h = f32x4.splat(high);
  const inv = f32x4.splat(inverse);
  const c = f32x4.splat(count);
  const s = f32x4.splat(shift);
  const bound = f32x4.splat(least * MARGIN);
  const scale = f32x4.splat(<f32>(<f64>inverse * sqrt<f64>(<f64>count * LOG2_E)));
  const found = findCompetitors(tau, total, n, l, h, scale, boundBias(shift), bound);
  tanhProducts(TOTALS, TAUS, TOTALS, found);
  for (let k: i32 = 0; k < found; k += 4) {
    const o = <usize>k << 2;
    v128.store(out + o, f32x4.mul(intraVector(v128.load(TAUS + o), l, h, inv, c, s), v128.load(TOTALS + o)));
  }
  return found;
}

/**
 * What competitors add to the sums, given their places, task vectors and balances (which may lie in the tables, and give
 * their room to what they come to): weight = max(balance - threshold, 0) * scale; numerator += lambda * clamped * weight;
 * denominator += weight.
 */
export function addWeighted(
  numerator: usize, denominator: usize, places: usize, taus: usize, balances: usize, n: i32,
  low: f32, high: f32, threshold: f32, scale: f32, lambda: f32,
): void {
  const l = f32x4.splat(low);
  const h = f32x4.splat(high);
  const least = f32x4.splat(threshold);
  const toWeight = f32x4.splat(scale);
  const lam = f32x4.splat(lambda);
  const nothing = f32x4.splat(0);
  for (let k: i32 = 0; k < n; k += 4) {
    const o = <usize>k << 2;
    const w = f32x4.mul(f32x4.pmax(f32x4.sub(v128.load(balances + o), least), nothing), toWeight);
    const x = f32x4.mul(lam, clamped(v128.load(taus + o), l, h));
    v128.store(TAUS + o, f32x4.mul(x, w));
    v128.store(TOTALS + o, w);
  }
  for (let k: i32 = 0; k < n; k++) {
    const o = <usize>k << 2;
    const place = <usize>load<u32>(places + o) << 2;
    store<f32>(numerator + place, load<f32>(numerator + place) + load<f32>(TAUS + o));
    store<f32>(denominator + place, load<f32>(denominator + place) + load<f32>(TOTALS + o));
  }
}
