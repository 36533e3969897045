// The importance of PCB-Merging (arXiv 2410.02396), fused per form so that a row is read once. `low` and `high` are
// the row's clamping bounds, `inverse` is 1 / (high - low), or 0 for a row without spread.
import { lanesInOrder } from "./compact";
import { doubles, rounded } from "./doubles";
import { expVector, largerMagnitude, tanhInPlace } from "./transcendental";

/** Min-max normalised, clamped magnitude. */
@inline
function normalised(tau: v128, low: v128, high: v128, inverse: v128): v128 {
  // f32x4.abs would build the mask anew each time.
  const magnitude = f32x4.pmin(f32x4.pmax(v128.and(tau, i32x4.splat(0x7fffffff)), low), high);
  return f32x4.mul(f32x4.sub(magnitude, low), inverse);
}

@inline
function withSign(magnitude: v128, source: v128): v128 {
  const sign = v128.and(source, i32x4.splat(0x80000000));
  // A zero has no sign: it must stay zero however large the clamped magnitude is.
  return v128.and(v128.or(magnitude, sign), f32x4.ne(source, f32x4.splat(0)));
}

/** out = sign(tau) * normalised magnitude. */
export function signedNormalised(out: usize, tau: usize, n: i32, low: f32, high: f32, inverse: f32): void {
  for (let i: i32 = 0; i < n; i += 4) {
    const o = <usize>i << 2;
    const t = v128.load(tau + o);
    v128.store(out + o, withSign(normalised(t, f32x4.splat(low), f32x4.splat(high), f32x4.splat(inverse)), t));
  }
}

/** out = sign(tau) * clamped magnitude. */
export function clampMagnitude(out: usize, tau: usize, n: i32, low: f32, high: f32): void {
  const l = f32x4.splat(low);
  const h = f32x4.splat(high);
  for (let i: i32 = 0; i < n; i += 4) {
    const o = <usize>i << 2;
    const t = v128.load(tau + o);
    v128.store(out + o, withSign(f32x4.pmin(f32x4.pmax(f32x4.abs(t), l), h), t));
  }
}

/** Values that are looked at between two uses of the tables below: these stay in the nearest cache. */
const TILE: i32 = 1024;
/** Per competitor of a tile: its place in the block, task vector, and sum of the task vectors. */
const PLACES: usize = memory.data(1024 * 4 + 16, 16);
const TAUS: usize = memory.data(1024 * 4 + 16, 16);
const TOTALS: usize = memory.data(1024 * 4 + 16, 16);

/** exp(count * u^2 - shift), u the normalised magnitude. */
@inline
function intraVector(tau: v128, l: v128, h: v128, inv: v128, c: v128, s: v128): v128 {
  const u = normalised(tau, l, h, inv);
  return expVector(f32x4.sub(f32x4.mul(c, f32x4.mul(u, u)), s));
}

/** out = tanh(x * y) for n values, rounded up to vectors. `out` may be x or y. */
@inline
function tanhProducts(out: usize, x: usize, y: usize, n: i32): void {
  let largest = f32x4.splat(0);
  for (let i: i32 = 0; i < n; i += 4) {
    const o = <usize>i << 2;
    const product = f32x4.mul(v128.load(x + o), v128.load(y + o));
    largest = largerMagnitude(largest, product);
    v128.store(out + o, product);
  }
  tanhInPlace(out, n, largest);
}

/**
 * out = exp(count * u^2 - shift) * tanh(tau * total), u the normalised magnitude: the forms whose inter-balancing is
 * one product. `shift` is a constant of the row that the later min-max takes out again; it keeps exp in range.
 */
export function balance(
  out: usize, tau: usize, total: usize, n: i32, low: f32, high: f32, inverse: f32, count: f32, shift: f32,
): void {
  const l = f32x4.splat(low);
  const h = f32x4.splat(high);
  const inv = f32x4.splat(inverse);
  const c = f32x4.splat(count);
  const s = f32x4.splat(shift);
  for (let from: i32 = 0; from < n; from += TILE) {
    const at = <usize>from << 2;
    const length = min(n - from, TILE);
    tanhProducts(TOTALS, tau + at, total + at, length);
    for (let i: i32 = 0; i < length; i += 4) {
      const o = <usize>i << 2;
      const intra = intraVector(v128.load(tau + at + o), l, h, inv, c, s);
      v128.store(out + at + o, f32x4.mul(intra, v128.load(TOTALS + o)));
    }
  }
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
 * whose mantissa grows linearly, which lies at most 6.2 % above exp and never below it. In its exponent `factor` is
 * count * log2 e, and `bias` holds all that is added.
 */
@inline
function findCompetitors(
  tau: usize, total: usize, from: i32, end: i32, l: v128, h: v128, inv: v128, factor: v128, bias: v128, bound: v128,
): i32 {
  const step = i32x4.splat(4);
  let places = i32x4.splat(from);
  let found: i32 = 0;
  let i = from;
  for (; i + 4 <= end; i += 4) {
    const o = <usize>i << 2;
    const lanes = competing(v128.load(tau + o), v128.load(total + o), l, h, inv, factor, bias, bound);
    v128.store(PLACES + (<usize>found << 2), i32x4.add(lanesInOrder(lanes), places));
    found += popcnt(lanes);
    places = i32x4.add(places, step);
  }
  if (i < end) {
    const o = <usize>i << 2;
    const lanes = competing(v128.load(tau + o), v128.load(total + o), l, h, inv, factor, bias, bound);
    // The padding of the last vector is not of the block.
    const valid = lanes & ((1 << (end - i)) - 1);
    v128.store(PLACES + (<usize>found << 2), i32x4.add(lanesInOrder(valid), places));
    found += popcnt(valid);
  }
  // Up to three places behind the last are whatever they are, but they are of the tile.
  for (let k: i32 = 0; k < found; k += 4) {
    const at = PLACES + (<usize>k << 2);
    const a = <usize>load<u32>(at) << 2;
    const b = <usize>load<u32>(at, 4) << 2;
    const c = <usize>load<u32>(at, 8) << 2;
    const d = <usize>load<u32>(at, 12) << 2;
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

/** The lanes whose balance may reach the bound. */
@inline
function competing(t: v128, sum: v128, l: v128, h: v128, inv: v128, factor: v128, bias: v128, bound: v128): i32 {
  const u = normalised(t, l, h, inv);
  const power = i32x4.shl(f32x4.add(f32x4.mul(f32x4.mul(u, u), factor), bias), 13);
  // What is not a number is not below the bound: it goes on and is found on writing.
  return i32x4.bitmask(f32x4.lt(f32x4.mul(f32x4.mul(t, sum), power), bound)) ^ 15;
}

/** What is added in the exponent: rounded up to a step, so that the bound never falls short by it. */
@inline
function boundBias(shift: f32): v128 {
  return f32x4.splat(<f32>(ceil((<f64>BIAS + TENTH_BITS - <f64>shift * LOG2_E) * 1024) / 1024));
}

/**
 * Writes the balances that may reach `least` (above zero) to the front of `out`, in order; returns their number. All
 * others are below `least`.
 */
export function competitors(
  out: usize, tau: usize, total: usize, n: i32, low: f32, high: f32, inverse: f32, count: f32, shift: f32, least: f32,
): i32 {
  const l = f32x4.splat(low);
  const h = f32x4.splat(high);
  const inv = f32x4.splat(inverse);
  const c = f32x4.splat(count);
  const s = f32x4.splat(shift);
  const factor = f32x4.splat(count * LOG2_E);
  const bias = boundBias(shift);
  const bound = f32x4.splat(least * MARGIN);
  let written: i32 = 0;
  for (let from: i32 = 0; from < n; from += TILE) {
    const found = findCompetitors(tau, total, from, min(n, from + TILE), l, h, inv, factor, bias, bound);
    const to = out + (<usize>written << 2);
    tanhProducts(TOTALS, TAUS, TOTALS, found);
    for (let k: i32 = 0; k < found; k += 4) {
      const o = <usize>k << 2;
      v128.store(to + o, f32x4.mul(intraVector(v128.load(TAUS + o), l, h, inv, c, s), v128.load(TOTALS + o)));
    }
    written += found;
  }
  return written;
}

/**
 * `balance`, `clampMagnitude` and `accumulateWeighted` in one, for a threshold above zero: only values that may reach it
 * are computed, since the others have weight zero.
 */
export function accumulateCompetitors(
  numerator: usize, denominator: usize, tau: usize, total: usize, n: i32,
  low: f32, high: f32, inverse: f32, count: f32, shift: f32,
  threshold: f32, scale: f32, lambda: f32,
): void {
  const l = f32x4.splat(low);
  const h = f32x4.splat(high);
  const inv = f32x4.splat(inverse);
  const c = f32x4.splat(count);
  const s = f32x4.splat(shift);
  const least = f32x4.splat(threshold);
  const factor = f32x4.splat(count * LOG2_E);
  const bias = boundBias(shift);
  const bound = f32x4.splat(threshold * MARGIN);
  const toWeight = f32x4.splat(scale);
  const lam = f32x4.splat(lambda);
  const nothing = f32x4.splat(0);
  for (let from: i32 = 0; from < n; from += TILE) {
    const found = findCompetitors(tau, total, from, min(n, from + TILE), l, h, inv, factor, bias, bound);
    tanhProducts(TOTALS, TAUS, TOTALS, found);
    for (let k: i32 = 0; k < found; k += 4) {
      const o = <usize>k << 2;
      const t = v128.load(TAUS + o);
      const b = f32x4.mul(intraVector(t, l, h, inv, c, s), v128.load(TOTALS + o));
      const w = f32x4.mul(f32x4.pmax(f32x4.sub(b, least), nothing), toWeight);
      const x = f32x4.mul(lam, withSign(f32x4.pmin(f32x4.pmax(f32x4.abs(t), l), h), t));
      // The tables' values are used up: what they give takes their place.
      v128.store(TAUS + o, f32x4.mul(x, w));
      v128.store(TOTALS + o, w);
    }
    for (let k: i32 = 0; k < found; k++) {
      const o = <usize>k << 2;
      const place = <usize>load<u32>(PLACES + o) << 2;
      store<f32>(numerator + place, load<f32>(numerator + place) + load<f32>(TAUS + o));
      store<f32>(denominator + place, load<f32>(denominator + place) + load<f32>(TOTALS + o));
    }
  }
}

/**
 * The numbers of one model in the tables below, 32 bytes each: low, high, inverse, least (or threshold), scale, lambda, and the
 * numbers of competitors that were found and noted (below zero: not all of them had room).
 */
const NUMBERS: i32 = 5;

@inline
function number(numbers: usize, model: i32, index: usize): f32 {
  return load<f32>(numbers + (<usize>model << NUMBERS) + (index << 2));
}

/**
 * Task vectors of a tile, one after the other at `taus`, and their sum at `sums`, in float64 and rounded once. `rows` points to
 * a table of the models' addresses.
 */
@inline
function tileVectors(taus: usize, sums: usize, base: usize, rows: usize, count: i32, from: i32, length: i32): void {
  for (let i: i32 = 0; i < length; i += 4) {
    const o = <usize>i << 2;
    const at = (<usize>from << 2) + o;
    const b = v128.load(base + at);
    let tau = taus + o;
    v128.store(tau, f32x4.sub(v128.load(<usize>load<u32>(rows) + at), b));
    let low = doubles(tau);
    let high = doubles(tau + 8);
    for (let j: i32 = 1; j < count; j++) {
      tau += 4096;
      v128.store(tau, f32x4.sub(v128.load(<usize>load<u32>(rows + (<usize>j << 2)) + at), b));
      low = f64x2.add(low, doubles(tau));
      high = f64x2.add(high, doubles(tau + 8));
    }
    v128.store(sums + o, rounded(low, high));
  }
}

/**
 * `competitors` of all models over models as they are stored, so that no row is written between them. `outs` points to a table of
 * the addresses to write to; `work` has room for a tile of each model and two more.
 */
export function modelCompetitors(
  outs: usize, base: usize, rows: usize, numbers: usize, count: i32, n: i32, exponent: f32, shift: f32, work: usize,
  notes: usize, room: i32,
): void {
  const sums = work + (<usize>count << 12);
  for (let from: i32 = 0; from < n; from += TILE) {
    const length = min(n - from, TILE);
    tileVectors(work, sums, base, rows, count, from, length);
    for (let j: i32 = 0; j < count; j++) {
      const place = numbers + (<usize>j << NUMBERS) + 24;
      const written = load<i32>(place);
      const to = <usize>load<u32>(outs + (<usize>j << 2)) + (<usize>written << 2);
      const found = tileCompetitors(
        to, work + (<usize>j << 12), sums, length,
        number(numbers, j, 0), number(numbers, j, 1), number(numbers, j, 2), exponent, shift, number(numbers, j, 3),
      );
      store<i32>(place, written + found);
      if (notes == 0) continue;
      const noted = load<i32>(place, 4);
      if (noted < 0 || noted + found > room) store<i32>(place, -1, 4);
      else {
        note(notes + <usize>j * <usize>room * 12, room, noted, from, to, found);
        store<i32>(place, noted + found, 4);
      }
    }
  }
}

/** Notes places, task vectors and balances of the competitors of a tile that stand in the tables and at `balances`. */
function note(notes: usize, room: i32, noted: i32, from: i32, balances: usize, found: i32): void {
  const to = notes + (<usize>noted << 2);
  const column = <usize>room << 2;
  const first = i32x4.splat(from);
  let k: i32 = 0;
  for (; k + 4 <= found; k += 4) {
    const o = <usize>k << 2;
    v128.store(to + o, i32x4.add(v128.load(PLACES + o), first));
    v128.store(to + column + o, v128.load(TAUS + o));
    v128.store(to + column + column + o, v128.load(balances + o));
  }
  for (; k < found; k++) {
    const o = <usize>k << 2;
    store<i32>(to + o, load<i32>(PLACES + o) + from);
    store<f32>(to + column + o, load<f32>(TAUS + o));
    store<f32>(to + column + column + o, load<f32>(balances + o));
  }
}

/** `mergeCompetitors` from what `modelCompetitors` has noted. `numerator` and `denominator` are rows. */
export function mergeNoted(
  out: usize, base: usize, numbers: usize, count: i32, n: i32, floor: f32, notes: usize, room: i32,
  numerator: usize, denominator: usize,
): void {
  memory.fill(numerator, 0, <usize>n << 2);
  memory.fill(denominator, 0, <usize>n << 2);
  const nothing = f32x4.splat(0);
  const column = <usize>room << 2;
  for (let j: i32 = 0; j < count; j++) {
    const l = f32x4.splat(number(numbers, j, 0));
    const h = f32x4.splat(number(numbers, j, 1));
    const least = f32x4.splat(number(numbers, j, 3));
    const toWeight = f32x4.splat(number(numbers, j, 4));
    const lam = f32x4.splat(number(numbers, j, 5));
    const noted = load<i32>(numbers + (<usize>j << NUMBERS), 28);
    const own = notes + <usize>j * <usize>room * 12;
    for (let from: i32 = 0; from < noted; from += TILE) {
      const at = own + (<usize>from << 2);
      const length = min(noted - from, TILE);
      // The room of a model is a multiple of four values, so that the last vector lies in it.
      for (let k: i32 = 0; k < length; k += 4) {
        const o = <usize>k << 2;
        const t = v128.load(at + column + o);
        const b = v128.load(at + column + column + o);
        const w = f32x4.mul(f32x4.pmax(f32x4.sub(b, least), nothing), toWeight);
        const x = f32x4.mul(lam, withSign(f32x4.pmin(f32x4.pmax(f32x4.abs(t), l), h), t));
        v128.store(TAUS + o, f32x4.mul(x, w));
        v128.store(TOTALS + o, w);
      }
      for (let k: i32 = 0; k < length; k++) {
        const o = <usize>k << 2;
        const place = <usize>load<u32>(at + o) << 2;
        store<f32>(numerator + place, load<f32>(numerator + place) + load<f32>(TAUS + o));
        store<f32>(denominator + place, load<f32>(denominator + place) + load<f32>(TOTALS + o));
      }
    }
  }
  finishQuotient(out, base, numerator, denominator, n, floor);
}

/** The balances of one tile and one model that may reach `least`. */
function tileCompetitors(
  to: usize, tau: usize, sums: usize, length: i32, low: f32, high: f32, inverse: f32, count: f32, shift: f32, least: f32,
): i32 {
  const l = f32x4.splat(low);
  const h = f32x4.splat(high);
  const inv = f32x4.splat(inverse);
  const c = f32x4.splat(count);
  const s = f32x4.splat(shift);
  const factor = f32x4.splat(count * LOG2_E);
  const bound = f32x4.splat(least * MARGIN);
  const found = findCompetitors(tau, sums, 0, length, l, h, inv, factor, boundBias(shift), bound);
  tanhProducts(TOTALS, TAUS, TOTALS, found);
  for (let k: i32 = 0; k < found; k += 4) {
    const o = <usize>k << 2;
    v128.store(to + o, f32x4.mul(intraVector(v128.load(TAUS + o), l, h, inv, c, s), v128.load(TOTALS + o)));
  }
  return found;
}

/**
 * out = base + what the models' competitors come to, over models as they are stored: the sums stay in the nearest cache.
 */
export function mergeCompetitors(
  out: usize, base: usize, rows: usize, numbers: usize, count: i32, n: i32, exponent: f32, shift: f32, floor: f32,
  work: usize,
): void {
  const sums = work + (<usize>count << 12);
  const numerator = sums + 4096;
  const denominator = numerator + 4096;
  for (let from: i32 = 0; from < n; from += TILE) {
    const at = <usize>from << 2;
    const length = min(n - from, TILE);
    tileVectors(work, sums, base, rows, count, from, length);
    memory.fill(numerator, 0, 8192);
    for (let j: i32 = 0; j < count; j++) {
      accumulateCompetitors(
        numerator, denominator, work + (<usize>j << 12), sums, length,
        number(numbers, j, 0), number(numbers, j, 1), number(numbers, j, 2), exponent, shift,
        number(numbers, j, 3), number(numbers, j, 4), number(numbers, j, 5),
      );
    }
    finishQuotient(out + at, base + at, numerator, denominator, length, floor);
  }
}

/** out += tanh(x * y). */
export function addTanhProduct(out: usize, x: usize, y: usize, n: i32): void {
  for (let from: i32 = 0; from < n; from += TILE) {
    const at = <usize>from << 2;
    const length = min(n - from, TILE);
    tanhProducts(TOTALS, x + at, y + at, length);
    for (let i: i32 = 0; i < length; i += 4) {
      const o = <usize>i << 2;
      v128.store(out + at + o, f32x4.add(v128.load(out + at + o), v128.load(TOTALS + o)));
    }
  }
}

/** out = out * exp(count * u^2 - shift), u the magnitude of an already normalised row. */
export function multiplyIntra(out: usize, u: usize, n: i32, count: f32, shift: f32): void {
  const c = f32x4.splat(count);
  const s = f32x4.splat(shift);
  for (let i: i32 = 0; i < n; i += 4) {
    const o = <usize>i << 2;
    const x = v128.load(u + o);
    const intra = expVector(f32x4.sub(f32x4.mul(c, f32x4.mul(x, x)), s));
    v128.store(out + o, f32x4.mul(v128.load(out + o), intra));
  }
}

/**
 * weight = max(balance - threshold, 0) * inverse; numerator += lambda * clamped * weight; denominator += weight.
 */
export function accumulateWeighted(
  numerator: usize, denominator: usize, clamped: usize, balance: usize, n: i32, threshold: f32, inverse: f32, lambda: f32,
): void {
  const t = f32x4.splat(threshold);
  const inv = f32x4.splat(inverse);
  const lam = f32x4.splat(lambda);
  const nothing = f32x4.splat(0);
  for (let i: i32 = 0; i < n; i += 4) {
    const o = <usize>i << 2;
    const w = f32x4.mul(f32x4.pmax(f32x4.sub(v128.load(balance + o), t), nothing), inv);
    const x = f32x4.mul(lam, v128.load(clamped + o));
    v128.store(numerator + o, f32x4.add(v128.load(numerator + o), f32x4.mul(x, w)));
    v128.store(denominator + o, f32x4.add(v128.load(denominator + o), w));
  }
}

/**
 * The paper's form keeps the balance itself of what survives: weight = factor * balance where balance >= threshold.
 */
export function accumulateSurvivors(
  numerator: usize, denominator: usize, tau: usize, balance: usize, n: i32, threshold: f32, factor: f32, lambda: f32,
): void {
  const t = f32x4.splat(threshold);
  const f = f32x4.splat(factor);
  const lam = f32x4.splat(lambda);
  for (let i: i32 = 0; i < n; i += 4) {
    const o = <usize>i << 2;
    const b = v128.load(balance + o);
    const w = v128.and(f32x4.mul(b, f), f32x4.ge(b, t));
    const x = f32x4.mul(lam, v128.load(tau + o));
    v128.store(numerator + o, f32x4.add(v128.load(numerator + o), f32x4.mul(x, w)));
    v128.store(denominator + o, f32x4.add(v128.load(denominator + o), w));
  }
}

/** out = base + numerator / max(denominator, floor); base where the denominator is zero. */
export function finishQuotient(out: usize, base: usize, numerator: usize, denominator: usize, n: i32, floor: f32): void {
  const least = f32x4.splat(floor);
  const nothing = f32x4.splat(0);
  for (let i: i32 = 0; i < n; i += 4) {
    const o = <usize>i << 2;
    const d = v128.load(denominator + o);
    const quotient = f32x4.div(v128.load(numerator + o), f32x4.pmax(d, least));
    const kept = v128.and(quotient, f32x4.gt(d, nothing));
    v128.store(out + o, f32x4.add(v128.load(base + o), kept));
  }
}
