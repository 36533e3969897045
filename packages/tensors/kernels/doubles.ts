// float32 values as float64 and back.

/** Two values from memory: widening while loading spares bringing the upper half of a vector down. */
@inline
export function doubles(x: usize): v128 {
  return f64x2.promote_low_f32x4(v128.load64_zero(x));
}

/** The first two of four float32 values. */
@inline
export function lowerDoubles(x: v128): v128 {
  return f64x2.promote_low_f32x4(x);
}

/** The last two of them. */
@inline
export function upperDoubles(x: v128): v128 {
  return f64x2.promote_low_f32x4(i64x2.shuffle(x, x, 1, 1));
}

/** Two and two float64 values as float32. */
@inline
export function rounded(low: v128, high: v128): v128 {
  return i32x4.shuffle(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 1, 4, 5);
}
