// Masks of EMR-Merging: one bit per value, bit k % 8 of byte k / 8. Rows are padded to a multiple of four values; values
// beyond the last are cut from the last byte.

/** Four bits: where x and y have the same sign and neither is zero. */
@inline
function agreement(x: v128, y: v128): i32 {
  const zero = f32x4.splat(0);
  const same = v128.not(i32x4.shr_s(v128.xor(x, y), 31));
  return i32x4.bitmask(v128.and(same, v128.and(f32x4.ne(x, zero), f32x4.ne(y, zero))));
}

/** bits = x and y agree in sign. */
export function packAgreement(bits: usize, x: usize, y: usize, n: i32): void {
  for (let i: i32 = 0; i < n; i += 8) {
    const o = <usize>i << 2;
    let byte = agreement(v128.load(x + o), v128.load(y + o));
    // A row of 8 k + 4 values or fewer ends with its padding here.
    if (i + 4 < n) byte |= agreement(v128.load(x + o, 16), v128.load(y + o, 16)) << 4;
    if (n - i < 8) byte &= (1 << (n - i)) - 1;
    store<u8>(bits + (<usize>i >> 3), byte);
  }
}

/** Sum of |y| over the values where x and y agree in sign, in float64: two lanes, then the tail. */
export function agreeingSum(x: usize, y: usize, n: i32): f64 {
  const zero = f32x4.splat(0);
  let even = f64x2.splat(0);
  let odd = f64x2.splat(0);
  let i: i32 = 0;
  for (; i + 4 <= n; i += 4) {
    const a = v128.load(x + (<usize>i << 2));
    const b = v128.load(y + (<usize>i << 2));
    const same = v128.not(i32x4.shr_s(v128.xor(a, b), 31));
    const value = v128.and(f32x4.abs(b), v128.and(same, f32x4.ne(a, zero)));
    even = f64x2.add(even, f64x2.promote_low_f32x4(value));
    odd = f64x2.add(odd, f64x2.promote_low_f32x4(i32x4.shuffle(value, value, 2, 3, 2, 3)));
  }
  const both = f64x2.add(even, odd);
  let sum = f64x2.extract_lane(both, 0) + f64x2.extract_lane(both, 1);
  for (; i < n; i++) {
    const a = load<f32>(x + (<usize>i << 2));
    const b = load<f32>(y + (<usize>i << 2));
    if ((a > 0 && b > 0) || (a < 0 && b < 0)) sum += <f64>abs(b);
  }
  return sum;
}

/** out = base + scale vector where the bit is set, else base; the product and the sum in float64, rounded once. */
export function addMasked(out: usize, base: usize, vector: usize, bits: usize, n: i32, scale: f64): void {
  for (let i: i32 = 0; i < n; i++) {
    const o = <usize>i << 2;
    const start = load<f32>(base + o);
    const set = (load<u8>(bits + (<usize>i >> 3)) >> <u8>(i & 7)) & 1;
    store<f32>(out + o, set != 0 ? <f32>(<f64>start + scale * <f64>load<f32>(vector + o)) : start);
  }
}
