// The importance of PCB-Merging (arXiv 2410.02396), fused per form so that a row is read once. `low` and `high` are
// the row's clamping bounds, `inverse` is 1 / (high - low), or 0 for a row without spread.
import {
  addWeighted, clamped, intraVector, PLACES, TAUS, tanhProducts, TILE, tileCompetitors, TOTALS, withSign,
} from "./competitors";
import { expVector } from "./transcendental";

/**
 * out = sign(tau) * normalised magnitude; `spread` is high - low, or infinite for a row without spread. Divided by the spread what
 * is clamped to the upper bound comes to one exactly, so that values of opposite signs cancel there.
 */
export function signedNormalised(out: usize, tau: usize, n: i32, low: f32, high: f32, spread: f32): void {
  const l = f32x4.splat(low);
  const h = f32x4.splat(high);
  for (let i: i32 = 0; i < n; i += 4) {
    const o = <usize>i << 2;
    const t = v128.load(tau + o);
    const magnitude = f32x4.pmin(f32x4.pmax(f32x4.abs(t), l), h);
    v128.store(out + o, withSign(f32x4.div(f32x4.sub(magnitude, l), f32x4.splat(spread)), t));
  }
}

/** out = sign(tau) * clamped magnitude. */
export function clampMagnitude(out: usize, tau: usize, n: i32, low: f32, high: f32): void {
  const l = f32x4.splat(low);
  const h = f32x4.splat(high);
  for (let i: i32 = 0; i < n; i += 4) {
    const o = <usize>i << 2;
    const t = v128.load(tau + o);
    v128.store(out + o, clamped(t, l, h));
  }
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

/**
 * Writes the balances that may reach `least` (above zero) to the front of `out`, in order; returns their number. All
 * others are below `least`.
 */
export function competitors(
  out: usize, tau: usize, total: usize, n: i32, low: f32, high: f32, inverse: f32, count: f32, shift: f32, least: f32,
): i32 {
  let written: i32 = 0;
  for (let from: i32 = 0; from < n; from += TILE) {
    const at = <usize>from << 2;
    const to = out + (<usize>written << 2);
    const length = min(n - from, TILE);
    written += tileCompetitors(to, tau + at, total + at, length, low, high, inverse, count, shift, least);
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
  for (let from: i32 = 0; from < n; from += TILE) {
    const at = <usize>from << 2;
    const length = min(n - from, TILE);
    const found = tileCompetitors(TOTALS, tau + at, total + at, length, low, high, inverse, count, shift, threshold);
    addWeighted(numerator + at, denominator + at, PLACES, TAUS, TOTALS, found, low, high, threshold, scale, lambda);
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
