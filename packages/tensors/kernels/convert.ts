// Widening to float32 and narrowing from it, rounding to nearest even. Every function returns the index of the first
// value that is not finite (or overflows on narrowing), or -1: the check costs one comparison per vector.

const EXPONENT: i32 = 0x7f800000;

/** Index of the first NaN or infinity among n float32 values, or -1. */
export function firstNonFinite(x: usize, n: i32): i32 {
  let i: i32 = 0;
  for (; i + 16 <= n; i += 16) {
    const at = x + (<usize>i << 2);
    const a = v128.or(isNonFinite(v128.load(at)), isNonFinite(v128.load(at, 16)));
    const b = v128.or(isNonFinite(v128.load(at, 32)), isNonFinite(v128.load(at, 48)));
    if (v128.any_true(v128.or(a, b))) break;
  }
  for (; i < n; i++) {
    if ((load<i32>(x + (<usize>i << 2)) & EXPONENT) == EXPONENT) return i;
  }
  return -1;
}

/** The same among bfloat16 values. */
export function firstNonFiniteBfloat16(x: usize, n: i32): i32 {
  const special = i16x8.splat(0x7f80);
  let bad = i16x8.splat(0);
  let i: i32 = 0;
  for (; i + 8 <= n; i += 8) {
    const h = v128.load(x + (<usize>i << 1));
    bad = v128.or(bad, i16x8.eq(v128.and(h, special), special));
  }
  if (v128.any_true(bad)) i = 0;
  for (; i < n; i++) if ((load<u16>(x + (<usize>i << 1)) & 0x7f80) == 0x7f80) return i;
  return -1;
}

@inline
function isNonFinite(bits: v128): v128 {
  const mask = i32x4.splat(EXPONENT);
  return i32x4.eq(v128.and(bits, mask), mask);
}

/** bfloat16 -> float32. */
export function widenBfloat16(raw: usize, out: usize, n: i32): i32 {
  const nothing = i16x8.splat(0);
  const special = i16x8.splat(0x7f80);
  let bad = i16x8.splat(0);
  let i: i32 = 0;
  for (; i + 8 <= n; i += 8) {
    const h = v128.load(raw + (<usize>i << 1));
    bad = v128.or(bad, i16x8.eq(v128.and(h, special), special));
    v128.store(out + (<usize>i << 2), i16x8.shuffle(nothing, h, 0, 8, 1, 9, 2, 10, 3, 11));
    v128.store(out + (<usize>i << 2), i16x8.shuffle(nothing, h, 4, 12, 5, 13, 6, 14, 7, 15), 16);
  }
  for (; i < n; i++) {
    const bits = <i32>load<u16>(raw + (<usize>i << 1)) << 16;
    if ((bits & EXPONENT) == EXPONENT) bad = i16x8.splat(-1);
    store<i32>(out + (<usize>i << 2), bits);
  }
  return v128.any_true(bad) ? firstNonFinite(out, n) : -1;
}

@inline
function widenHalf(h: v128): v128 {
  // The shifted bits are the value times 2^-112, subnormals included; the product is exact.
  const magnitude = i32x4.shl(v128.and(h, i32x4.splat(0x7fff)), 13);
  const value = f32x4.mul(magnitude, f32x4.splat(reinterpret<f32>(0x77800000)));
  return v128.or(value, i32x4.shl(v128.and(h, i32x4.splat(0x8000)), 16));
}

/** float16 -> float32. */
export function widenFloat16(raw: usize, out: usize, n: i32): i32 {
  const special = i32x4.splat(0x7c00);
  let bad = i32x4.splat(0);
  let i: i32 = 0;
  for (; i + 8 <= n; i += 8) {
    const h = v128.load(raw + (<usize>i << 1));
    const low = i32x4.extend_low_i16x8_u(h);
    const high = i32x4.extend_high_i16x8_u(h);
    bad = v128.or(bad, i32x4.eq(v128.and(low, special), special));
    bad = v128.or(bad, i32x4.eq(v128.and(high, special), special));
    v128.store(out + (<usize>i << 2), widenHalf(low));
    v128.store(out + (<usize>i << 2), widenHalf(high), 16);
  }
  for (; i < n; i++) {
    const h = i32x4.splat(<i32>load<u16>(raw + (<usize>i << 1)));
    bad = v128.or(bad, i32x4.eq(v128.and(h, special), special));
    store<f32>(out + (<usize>i << 2), f32x4.extract_lane(widenHalf(h), 0));
  }
  if (!v128.any_true(bad)) return -1;
  for (i = 0; i < n; i++) if ((load<u16>(raw + (<usize>i << 1)) & 0x7c00) == 0x7c00) return i;
  return -1;
}

/** float32 -> float32: a copy with the check. */
export function widenFloat32(raw: usize, out: usize, n: i32): i32 {
  let bad = i32x4.splat(0);
  let i: i32 = 0;
  for (; i + 4 <= n; i += 4) {
    const bits = v128.load(raw + (<usize>i << 2));
    bad = v128.or(bad, isNonFinite(bits));
    v128.store(out + (<usize>i << 2), bits);
  }
  for (; i < n; i++) {
    const bits = load<i32>(raw + (<usize>i << 2));
    if ((bits & EXPONENT) == EXPONENT) bad = i32x4.splat(-1);
    store<i32>(out + (<usize>i << 2), bits);
  }
  return v128.any_true(bad) ? firstNonFinite(out, n) : -1;
}

/** float64 -> float32, rounded to nearest even. A finite value beyond float32 counts as not finite. */
export function widenFloat64(raw: usize, out: usize, n: i32): i32 {
  let bad = false;
  for (let i: i32 = 0; i < n; i++) {
    const value = <f32>load<f64>(raw + (<usize>i << 3));
    bad = bad || (reinterpret<i32>(value) & EXPONENT) == EXPONENT;
    store<f32>(out + (<usize>i << 2), value);
  }
  return bad ? firstNonFinite(out, n) : -1;
}

@inline
function roundBfloat16(bits: v128): v128 {
  const odd = v128.and(i32x4.shr_u(bits, 16), i32x4.splat(1));
  return i32x4.shr_u(i32x4.add(i32x4.add(bits, i32x4.splat(0x7fff)), odd), 16);
}

/** The magnitudes from here on round to infinity, or are not finite. */
const BFLOAT16_OVERFLOW: i32 = 0x7f7f8000;

/** Rounds float32 values to those of bfloat16, in place as far as they can be. */
export function roundToBfloat16(x: usize, n: i32): i32 {
  const magnitude = i32x4.splat(0x7fffffff);
  const limit = i32x4.splat(BFLOAT16_OVERFLOW - 1);
  let i: i32 = 0;
  for (; i + 8 <= n; i += 8) {
    const at = x + (<usize>i << 2);
    const a = v128.load(at);
    const b = v128.load(at, 16);
    const largest = i32x4.max_s(v128.and(a, magnitude), v128.and(b, magnitude));
    if (v128.any_true(i32x4.gt_s(largest, limit))) break;
    v128.store(at, i32x4.shl(roundBfloat16(a), 16));
    v128.store(at, i32x4.shl(roundBfloat16(b), 16), 16);
  }
  for (; i < n; i++) {
    const at = x + (<usize>i << 2);
    const bits = load<i32>(at);
    if ((bits & 0x7fffffff) >= BFLOAT16_OVERFLOW) return i;
    store<i32>(at, i32x4.extract_lane(roundBfloat16(i32x4.splat(bits)), 0) << 16);
  }
  return -1;
}

/** float32 -> bfloat16. */
export function narrowBfloat16(x: usize, raw: usize, n: i32): i32 {
  const magnitude = i32x4.splat(0x7fffffff);
  let largest = i32x4.splat(0);
  let i: i32 = 0;
  for (; i + 8 <= n; i += 8) {
    const a = v128.load(x + (<usize>i << 2));
    const b = v128.load(x + (<usize>i << 2), 16);
    largest = i32x4.max_s(largest, i32x4.max_s(v128.and(a, magnitude), v128.and(b, magnitude)));
    v128.store(raw + (<usize>i << 1), i16x8.narrow_i32x4_u(roundBfloat16(a), roundBfloat16(b)));
  }
  for (; i < n; i++) {
    const a = i32x4.splat(load<i32>(x + (<usize>i << 2)));
    largest = i32x4.max_s(largest, v128.and(a, magnitude));
    store<u16>(raw + (<usize>i << 1), <u16>i32x4.extract_lane(roundBfloat16(a), 0));
  }
  if (!v128.any_true(i32x4.ge_s(largest, i32x4.splat(BFLOAT16_OVERFLOW)))) return -1;
  for (i = 0; i < n; i++) if ((load<i32>(x + (<usize>i << 2)) & 0x7fffffff) >= BFLOAT16_OVERFLOW) return i;
  return -1;
}

@inline
function roundFloat16(bits: v128): v128 {
  const magnitude = v128.and(bits, i32x4.splat(0x7fffffff));
  const odd = v128.and(i32x4.shr_u(magnitude, 13), i32x4.splat(1));
  const normal = i32x4.shr_u(i32x4.add(i32x4.add(magnitude, i32x4.splat(<i32>0xc8000fff)), odd), 13);
  // 0.5 has the spacing of float16's subnormals, so the addition rounds to it.
  const subnormal = i32x4.sub(f32x4.add(magnitude, f32x4.splat(0.5)), i32x4.splat(0x3f000000));
  const isNormal = i32x4.ge_s(magnitude, i32x4.splat(0x38800000));
  const sign = v128.and(i32x4.shr_u(bits, 16), i32x4.splat(0x8000));
  return v128.or(v128.bitselect(normal, subnormal, isNormal), sign);
}

/** The largest magnitude that rounds to a float16. */
const FLOAT16_LIMIT: i32 = 0x477fefff;

/** Rounds float32 values to those of float16, in place as far as they can be. */
export function roundToFloat16(x: usize, n: i32): i32 {
  for (let i: i32 = 0; i < n; i++) {
    const at = x + (<usize>i << 2);
    const rest = n - i;
    if (rest >= 4) {
      const a = v128.load(at);
      if (!v128.any_true(i32x4.gt_s(v128.and(a, i32x4.splat(0x7fffffff)), i32x4.splat(FLOAT16_LIMIT)))) {
        v128.store(at, widenHalf(roundFloat16(a)));
        i += 3;
        continue;
      }
    }
    const bits = load<i32>(at);
    if ((bits & 0x7fffffff) > FLOAT16_LIMIT) return i;
    store<i32>(at, i32x4.extract_lane(widenHalf(roundFloat16(i32x4.splat(bits))), 0));
  }
  return -1;
}

/** float32 -> float16. 65520 and above overflow. */
export function narrowFloat16(x: usize, raw: usize, n: i32): i32 {
  const limit = i32x4.splat(FLOAT16_LIMIT);
  const magnitudeMask = i32x4.splat(0x7fffffff);
  let bad = i32x4.splat(0);
  let i: i32 = 0;
  for (; i + 8 <= n; i += 8) {
    const a = v128.load(x + (<usize>i << 2));
    const b = v128.load(x + (<usize>i << 2), 16);
    bad = v128.or(bad, i32x4.gt_s(v128.and(a, magnitudeMask), limit));
    bad = v128.or(bad, i32x4.gt_s(v128.and(b, magnitudeMask), limit));
    v128.store(raw + (<usize>i << 1), i16x8.shuffle(roundFloat16(a), roundFloat16(b), 0, 2, 4, 6, 8, 10, 12, 14));
  }
  for (; i < n; i++) {
    const a = i32x4.splat(load<i32>(x + (<usize>i << 2)));
    bad = v128.or(bad, i32x4.gt_s(v128.and(a, magnitudeMask), limit));
    store<u16>(raw + (<usize>i << 1), <u16>i32x4.extract_lane(roundFloat16(a), 0));
  }
  if (!v128.any_true(bad)) return -1;
  for (i = 0; i < n; i++) if ((load<i32>(x + (<usize>i << 2)) & 0x7fffffff) > FLOAT16_LIMIT) return i;
  return -1;
}

/** float32 -> float64, exact. */
export function narrowFloat64(x: usize, raw: usize, n: i32): i32 {
  for (let i: i32 = 0; i < n; i++) store<f64>(raw + (<usize>i << 3), <f64>load<f32>(x + (<usize>i << 2)));
  return firstNonFinite(x, n);
}
