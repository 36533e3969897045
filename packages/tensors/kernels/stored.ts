// Values of a row as float32, whether they are stored so or as bfloat16 (`half`). Used by the kernels; not one itself.

/** Four bfloat16 values. */
@inline
export function widened(at: usize): v128 {
  return i32x4.shl(v128.load16x4_u(at), 16);
}

/** Four values from element `i` on. Inlined with a constant for `half`. */
@inline
export function valuesAt(x: usize, i: i32, half: bool): v128 {
  return half ? widened(x + (<usize>i << 1)) : v128.load(x + (<usize>i << 2));
}

@inline
export function valueAt(x: usize, i: i32, half: bool): f32 {
  return half ? reinterpret<f32>(<u32>load<u16>(x + (<usize>i << 1)) << 16) : load<f32>(x + (<usize>i << 2));
}
