/**
 * Order keys: unsigned 32-bit integers that sort as float32 values do. The key of a magnitude is its bit pattern; the
 * key of a signed value flips the sign bit of a positive and all bits of a negative value. Zero and minus zero have
 * neighbouring keys and the same value.
 */
const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/** The float32 value of a key. */
export function valueOfKey(key: number, absolute: boolean): number {
  bits[0] = absolute ? key : key >= 0x80000000 ? key ^ 0x80000000 : ~key;
  return float[0] as number;
}

/** The key of a magnitude. */
export function keyOfMagnitude(value: number): number {
  float[0] = value;
  return bits[0] as number;
}

/** The highest key: infinity for magnitudes, the positive NaNs' end for signed values. */
export function highestKey(absolute: boolean): number {
  return absolute ? 0x7fffffff : 0xffffffff;
}
