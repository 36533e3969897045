import { TensorError } from '@hubfuse/plugin';
import type { DType, FloatDType } from './dtype.ts';

/** A value that cannot be stored, or must not be merged. */
export interface ValueProblem {
  kind: 'nan' | 'infinity' | 'overflow';
  /** Element inside the array. */
  index: number;
  value: number;
}

/**
 * The elements as float32: exact for F32, F16, BF16, every F8 and integers below 2^24, else rounded to nearest even.
 * BOOL gives 0 and 1. The result is a copy.
 * @throws TensorError for C64, which has no float32 form
 */
export function toFloat32(data: Uint8Array, dtype: DType): Float32Array {
  const values = elements(data, dtype);
  return isBigint(values) ? Float32Array.from(values, Number) : new Float32Array(values);
}

/** The elements as float64: exact for all dtypes but I64 and U64 beyond 2^53. The result is a copy. */
export function toFloat64(data: Uint8Array, dtype: DType): Float64Array {
  const values = elements(data, dtype);
  return isBigint(values) ? Float64Array.from(values, Number) : new Float64Array(values);
}

/**
 * Values in a storage dtype, rounded to nearest, ties to even. `problem` is the first value that is not a number, is
 * infinite, or is finite and rounds to infinity; the bytes are those of IEEE 754 all the same.
 */
export function fromFloat32(values: Float32Array, dtype: FloatDType): { data: Uint8Array; problem?: ValueProblem } {
  const stored = store(values, dtype);
  const data = new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength);
  const problem = findProblem(values, dtype);
  return problem === undefined ? { data } : { data, problem };
}

/** The first value that is not finite, or that would not stay finite in `dtype`. */
export function findProblem(values: Float32Array | Float64Array, dtype: FloatDType): ValueProblem | undefined {
  const limit = OVERFLOW[dtype];
  for (let index = 0; index < values.length; index++) {
    const value = values[index] as number;
    if (Math.abs(value) < limit) continue;
    if (Number.isNaN(value)) return { kind: 'nan', index, value };
    return { kind: Number.isFinite(value) ? 'overflow' : 'infinity', index, value };
  }
  return undefined;
}

/** The least magnitude that rounds to infinity: half a step above the largest finite value. */
const OVERFLOW: Readonly<Record<FloatDType, number>> = {
  F64: Number.POSITIVE_INFINITY,
  F32: 2 ** 128 - 2 ** 103,
  F16: 65520,
  BF16: 2 ** 128 - 2 ** 119,
};

type BigintArray = BigInt64Array | BigUint64Array;
type NumberArray =
  | Float64Array
  | Float32Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array;

function isBigint(values: NumberArray | BigintArray): values is BigintArray {
  return values instanceof BigInt64Array || values instanceof BigUint64Array;
}

function elements(data: Uint8Array, dtype: DType): NumberArray | BigintArray {
  // Typed arrays need an aligned start, which a tensor inside a file's buffer need not have. A Buffer's own slice would
  // share that buffer.
  const buffer = new Uint8Array(data).buffer;
  switch (dtype) {
    case 'F64':
      return new Float64Array(buffer);
    case 'F32':
      return new Float32Array(buffer);
    case 'F16':
      return lookUp(new Uint16Array(buffer), halfTable());
    case 'BF16':
      return widenBfloat(new Uint16Array(buffer));
    case 'I64':
      return new BigInt64Array(buffer);
    case 'U64':
      return new BigUint64Array(buffer);
    case 'I32':
      return new Int32Array(buffer);
    case 'U32':
      return new Uint32Array(buffer);
    case 'I16':
      return new Int16Array(buffer);
    case 'U16':
      return new Uint16Array(buffer);
    case 'I8':
      return new Int8Array(buffer);
    case 'U8':
      return new Uint8Array(buffer);
    case 'BOOL':
      return new Uint8Array(buffer).map((byte) => (byte === 0 ? 0 : 1));
    case 'F8_E4M3':
    case 'F8_E5M2':
    case 'F8_E4M3FNUZ':
    case 'F8_E5M2FNUZ':
    case 'F8_E8M0':
      return lookUp(new Uint8Array(buffer), byteTable(dtype));
    case 'C64':
      throw new TensorError({
        code: 'tensors/dtype',
        message: 'complex numbers (C64) have no form as float32',
        hint: 'such tensors can only be copied',
      });
  }
}

/** A plain loop: mapping a typed array through a callback takes many times as long. */
function widenBfloat(codes: Uint16Array): Float32Array {
  const bits = new Uint32Array(codes.length);
  for (let i = 0; i < codes.length; i++) bits[i] = (codes[i] as number) << 16;
  return new Float32Array(bits.buffer);
}

function lookUp(codes: Uint8Array | Uint16Array, table: Float32Array): Float32Array {
  const values = new Float32Array(codes.length);
  for (let i = 0; i < codes.length; i++) values[i] = table[codes[i] as number] as number;
  return values;
}

/** A binary format of up to 16 bits: sign, exponent, fraction. */
interface Format {
  exponentBits: number;
  fractionBits: number;
  bias: number;
  /** `ieee`: the highest exponent is infinity and NaN; `finite`: only all ones is NaN; `unsigned-zero`: only -0 is. */
  special: 'ieee' | 'finite' | 'unsigned-zero';
}

const BYTE_FORMATS = {
  F8_E4M3: { exponentBits: 4, fractionBits: 3, bias: 7, special: 'finite' },
  F8_E5M2: { exponentBits: 5, fractionBits: 2, bias: 15, special: 'ieee' },
  F8_E4M3FNUZ: { exponentBits: 4, fractionBits: 3, bias: 8, special: 'unsigned-zero' },
  F8_E5M2FNUZ: { exponentBits: 5, fractionBits: 2, bias: 16, special: 'unsigned-zero' },
} as const satisfies Record<string, Format>;

function decode(code: number, { exponentBits, fractionBits, bias, special }: Format): number {
  const magnitude = code & (2 ** (exponentBits + fractionBits) - 1);
  const sign = code === magnitude ? 1 : -1;
  const exponent = magnitude >> fractionBits;
  const fraction = magnitude & (2 ** fractionBits - 1);
  const highest = exponent === 2 ** exponentBits - 1;
  if (special === 'ieee' && highest) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (special === 'finite' && highest && fraction === 2 ** fractionBits - 1) return Number.NaN;
  if (special === 'unsigned-zero' && sign < 0 && magnitude === 0) return Number.NaN;
  const significand = exponent === 0 ? fraction : fraction + 2 ** fractionBits;
  return sign * significand * 2 ** (Math.max(exponent, 1) - bias - fractionBits);
}

const tables = new Map<string, Float32Array>();

function table(name: string, size: number, value: (code: number) => number): Float32Array {
  let values = tables.get(name);
  if (values === undefined) {
    values = Float32Array.from({ length: size }, (_, code) => value(code));
    tables.set(name, values);
  }
  return values;
}

function halfTable(): Float32Array {
  const format: Format = { exponentBits: 5, fractionBits: 10, bias: 15, special: 'ieee' };
  return table('F16', 65536, (code) => decode(code, format));
}

function byteTable(dtype: keyof typeof BYTE_FORMATS | 'F8_E8M0'): Float32Array {
  // Powers of two alone: no sign, no fraction, no zero.
  if (dtype === 'F8_E8M0') return table(dtype, 256, (code) => (code === 255 ? Number.NaN : 2 ** (code - 127)));
  return table(dtype, 256, (code) => decode(code, BYTE_FORMATS[dtype]));
}

function store(values: Float32Array, dtype: FloatDType): Float64Array | Float32Array | Uint16Array {
  if (dtype === 'F64') return Float64Array.from(values);
  if (dtype === 'F32') return values.slice();
  const bits = new Uint32Array(values.slice().buffer);
  return Uint16Array.from(bits, dtype === 'F16' ? halfBits : bfloatBits);
}

function bfloatBits(bits: number): number {
  // A NaN must not round up to infinity's code or wrap to zero.
  if ((bits & 0x7fffffff) > 0x7f800000) return (bits >>> 16) | 0x40;
  return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
}

const one = new Float32Array(1);
const oneBits = new Uint32Array(one.buffer);

function halfBits(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude >= 0x38800000) return sign | ((magnitude + 0xfff + ((magnitude >>> 13) & 1) - 0x38000000) >>> 13);
  // Subnormal: adding 0.5 leaves the multiples of 2^-24, correctly rounded, in the last bits of a float32.
  oneBits[0] = magnitude;
  one[0] = (one[0] as number) + 0.5;
  return sign | ((oneBits[0] as number) - 0x3f000000);
}
