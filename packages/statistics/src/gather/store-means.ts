import type { FloatDType } from '@hubfuse/tensors';

/** What statistics are stored as. */
export type StorageType = Extract<FloatDType, 'F32' | 'BF16'>;

/** What became of the means of an entry. */
export interface StoredMeans {
  /** The largest difference of a mean from what is stored of it, relative to the largest mean. */
  storageError: number;
  /** The first value that is not finite as it is stored; what comes after it is not stored. */
  problem?: { index: number; value: number };
}

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/**
 * Replaces float64 sums by what is stored: their means over `rows`, each rounded once, to nearest even. They stand where the
 * sums stood, from the front: a sum is wider than what is stored of it, and has been read when its place is taken.
 */
export function storeMeans(sums: Float64Array, { rows, dtype }: { rows: number; dtype: StorageType }): StoredMeans {
  const { buffer, byteOffset, length } = sums;
  const floats = new Float32Array(buffer, byteOffset, length);
  const halves = new Uint16Array(buffer, byteOffset, length);
  // Millions of values: a loop over indices, since a callback for each is several times slower. Numbers that begin as elements
  // of an array literal would be allocated anew for each value, which is three times slower.
  let largest = 0;
  let worst = 0;
  for (let index = 0; index < length; index++) {
    const value = (sums[index] as number) / rows;
    let stored = Math.fround(value);
    if (dtype === 'F32') floats[index] = stored;
    else {
      const half = bfloat16(value);
      halves[index] = half;
      stored = widened(half);
    }
    if (!Number.isFinite(stored)) return { storageError: 0, problem: { index, value } };
    largest = Math.max(largest, Math.abs(value));
    worst = Math.max(worst, Math.abs(value - stored));
  }
  return { storageError: largest === 0 ? 0 : worst / largest };
}

/** The bits of a number as bfloat16. By way of float32, what that step rounded away decides between two that are as near. */
function bfloat16(value: number): number {
  float[0] = value;
  const [pattern = 0] = bits;
  const [upper, lower] = [pattern >>> 16, pattern & 0xffff];
  if (lower !== 0x8000) return lower > 0x8000 ? upper + 1 : upper;
  const rounded = Math.abs(float[0]);
  const exact = Math.abs(value);
  return exact > rounded || (exact === rounded && upper % 2 === 1) ? upper + 1 : upper;
}

function widened(half: number): number {
  bits[0] = half << 16;
  return float[0] as number;
}
