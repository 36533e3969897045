/**
 * Element types by the names that safetensors headers use. The types narrower than a byte (`F4`, `F6_*`) are left out:
 * they only hold quantised weights.
 */
const BYTES = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  F8_E4M3: 1,
  F8_E5M2: 1,
  F8_E8M0: 1,
  F8_E4M3FNUZ: 1,
  F8_E5M2FNUZ: 1,
  C64: 8,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U64: 8,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
} as const;

export type DType = keyof typeof BYTES;

/** Types whose values hubfuse can compute with; all others are carried through unchanged. */
export type FloatDType = 'F64' | 'F32' | 'F16' | 'BF16';

/** Every dtype that a file may hold. */
export const DTYPES = Object.keys(BYTES) as readonly DType[];

export function isDType(name: string): name is DType {
  return Object.hasOwn(BYTES, name);
}

/** Whether tensors of this type are merged: `F64`, `F32`, `F16`, `BF16`. */
export function isFloatDType(name: string): name is FloatDType {
  return name === 'F64' || name === 'F32' || name === 'F16' || name === 'BF16';
}

/** Bytes of one element. */
export function dtypeBytes(dtype: DType): number {
  return BYTES[dtype];
}

/** Elements of a shape; 1 for a 0-d tensor. Infinity or an unsafe integer where the product is out of range. */
export function elementCount(shape: readonly number[]): number {
  if (shape.includes(0)) return 0;
  return shape.reduce((product, size) => product * size, 1);
}
