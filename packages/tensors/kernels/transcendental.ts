// exp and tanh of our own: polynomials in plain float32 operations, so that every machine gives the same bits.

/** Adding it to a small number leaves the number, rounded to nearest, in the low bits of the sum. */
const ROUNDER: f32 = 12582912.0;

/** e^x for |x| <= 87. Relative error below 2e-7 (Cephes' minimax polynomial). */
@inline
export function expVector(x: v128): v128 {
  const shifted = f32x4.add(f32x4.mul(x, f32x4.splat(1.44269504088896341)), f32x4.splat(ROUNDER));
  const n = f32x4.sub(shifted, f32x4.splat(ROUNDER));
  // ln 2 in two parts: the first has few bits, so n times it is exact.
  let r = f32x4.sub(x, f32x4.mul(n, f32x4.splat(0.693359375)));
  r = f32x4.add(r, f32x4.mul(n, f32x4.splat(2.12194440e-4)));
  let p = f32x4.splat(1.9875691500e-4);
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.3981999507e-3));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(8.3334519073e-3));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(4.1665795894e-2));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.6666665459e-1));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(5.0000001201e-1));
  const value = f32x4.add(f32x4.add(f32x4.mul(p, f32x4.mul(r, r)), r), f32x4.splat(1));
  const power = i32x4.add(i32x4.shl(shifted, 23), i32x4.splat(127 << 23));
  return f32x4.mul(value, power);
}

/** e^x with the argument clamped to [-87, 87]. */
@inline
export function expClamped(x: v128): v128 {
  return expVector(f32x4.pmax(f32x4.pmin(x, f32x4.splat(87)), f32x4.splat(-87)));
}

/** Below this tanh x is x in float32; squares of tiny numbers would be denormal, which is slow. */
const TINY: f32 = 1e-4;
/** Below this a polynomial keeps the relative precision of tanh. */
const NEAR: f32 = 0.625;

/** tanh x for |x| < NEAR. */
@inline
function tanhNear(x: v128): v128 {
  const squarable = v128.and(x, f32x4.ge(f32x4.abs(x), f32x4.splat(TINY)));
  const z = f32x4.mul(squarable, squarable);
  let p = f32x4.splat(-5.70498872745e-3);
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(2.06390887954e-2));
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(-5.37397155531e-2));
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(1.33314422036e-1));
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(-3.33332819422e-1));
  return f32x4.add(f32x4.mul(f32x4.mul(p, z), x), x);
}

/** tanh x: further out it goes through e^(2|x|). */
@inline
function tanhAny(x: v128): v128 {
  const magnitude = f32x4.abs(x);
  const sign = v128.and(x, i32x4.splat(0x80000000));
  const e = expClamped(f32x4.add(magnitude, magnitude));
  const far = f32x4.sub(f32x4.splat(1), f32x4.div(f32x4.splat(2), f32x4.add(e, f32x4.splat(1))));
  return v128.bitselect(tanhNear(x), v128.or(far, sign), f32x4.lt(magnitude, f32x4.splat(NEAR)));
}

/** The largest magnitude of each lane, joined with `largest`. */
@inline
export function largerMagnitude(largest: v128, x: v128): v128 {
  return f32x4.pmax(largest, f32x4.abs(x));
}

/**
 * Replaces `n` values, rounded up to vectors, by their tanh; `largest` holds no less than their magnitudes. Loops without
 * a branch: the compiler keeps the constants of such a loop in registers, and those of any other it makes anew each time.
 */
export function tanhInPlace(x: usize, n: i32, largest: v128): void {
  if (i32x4.all_true(f32x4.lt(largest, f32x4.splat(TINY)))) {
    // The sum turns minus zero into zero, as the polynomial does.
    for (let i: i32 = 0; i < n; i += 4) {
      const o = <usize>i << 2;
      v128.store(x + o, f32x4.add(v128.load(x + o), f32x4.splat(0)));
    }
  } else if (i32x4.all_true(f32x4.lt(largest, f32x4.splat(NEAR)))) {
    for (let i: i32 = 0; i < n; i += 4) {
      const o = <usize>i << 2;
      v128.store(x + o, tanhNear(v128.load(x + o)));
    }
  } else {
    for (let i: i32 = 0; i < n; i += 4) {
      const o = <usize>i << 2;
      v128.store(x + o, tanhAny(v128.load(x + o)));
    }
  }
}

/** Loads up to four values; the missing ones are 0. */
@inline
export function loadSome(x: usize, count: i32): v128 {
  let v = f32x4.splat(0);
  v = f32x4.replace_lane(v, 0, load<f32>(x));
  if (count > 1) v = f32x4.replace_lane(v, 1, load<f32>(x, 4));
  if (count > 2) v = f32x4.replace_lane(v, 2, load<f32>(x, 8));
  return v;
}

/** Stores the first `count` (one to three) values. */
@inline
export function storeSome(x: usize, v: v128, count: i32): void {
  store<f32>(x, f32x4.extract_lane(v, 0));
  if (count > 1) store<f32>(x, f32x4.extract_lane(v, 1), 4);
  if (count > 2) store<f32>(x, f32x4.extract_lane(v, 2), 8);
}

/** out = e^(a x + b). */
export function exponential(out: usize, x: usize, n: i32, a: f32, b: f32): void {
  const va = f32x4.splat(a);
  const vb = f32x4.splat(b);
  let i: i32 = 0;
  for (; i + 4 <= n; i += 4) {
    const o = <usize>i << 2;
    v128.store(out + o, expClamped(f32x4.add(f32x4.mul(v128.load(x + o), va), vb)));
  }
  if (i < n) {
    const o = <usize>i << 2;
    storeSome(out + o, expClamped(f32x4.add(f32x4.mul(loadSome(x + o, n - i), va), vb)), n - i);
  }
}

/** out = tanh x. */
export function hyperbolicTangent(out: usize, x: usize, n: i32): void {
  let i: i32 = 0;
  for (; i + 4 <= n; i += 4) {
    const o = <usize>i << 2;
    v128.store(out + o, tanhAny(v128.load(x + o)));
  }
  if (i < n) {
    const o = <usize>i << 2;
    storeSome(out + o, tanhAny(loadSome(x + o, n - i)), n - i);
  }
}
