import { expect, test } from 'vitest';
import { randomNumbers } from '../../../tests/random-numbers.ts';
import { findProblem, fromFloat32, toFloat32, toFloat64 } from './convert.ts';
import type { FloatDType } from './dtype.ts';

const bytesOf = (array: Float32Array | Float64Array | Uint16Array | BigInt64Array | Int16Array) =>
  new Uint8Array(array.buffer);

/** Every value of a 16-bit format in order of its code, decoded by the definition. */
function decode16(code: number, exponentBits: number): number {
  const fractionBits = 15 - exponentBits;
  const sign = code & 0x8000 ? -1 : 1;
  const exponent = (code & 0x7fff) >> fractionBits;
  const fraction = code & (2 ** fractionBits - 1);
  const bias = 2 ** (exponentBits - 1) - 1;
  if (exponent === 2 ** exponentBits - 1) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  const significand = exponent === 0 ? fraction / 2 ** fractionBits : 1 + fraction / 2 ** fractionBits;
  return sign * significand * 2 ** (Math.max(1, exponent) - bias);
}

const FORMATS: [FloatDType, number][] = [
  ['F16', 5],
  ['BF16', 8],
];

test.each(FORMATS)('all 65536 codes of %s decode by the definition and narrow back to themselves', (dtype, bits) => {
  const codes = Uint16Array.from({ length: 65536 }, (_, code) => code);
  const values = toFloat32(bytesOf(codes), dtype);
  const expected = Float32Array.from(codes, (code) => decode16(code, bits));
  expect(values).toEqual(expected);
  const back = new Uint16Array(fromFloat32(values, dtype).data.slice().buffer);
  const wrong = [...codes].filter((code) => !Number.isNaN(values[code] as number) && back[code] !== code);
  expect(wrong).toEqual([]);
  expect(
    [...codes]
      .filter((code) => Number.isNaN(values[code] as number))
      .every((code) => Number.isNaN(decode16(back[code] as number, bits))),
  ).toBe(true);
});

test.each(FORMATS)(
  'a value between two neighbours of %s rounds to the nearer one, and half way to the even code',
  (dtype, bits) => {
    const random = randomNumbers(bits);
    const top = dtype === 'F16' ? 0x7bff : 0x7f7f;
    for (let i = 0; i < 20_000; i++) {
      const code = Math.floor(random() * top);
      const low = decode16(code, bits);
      const high = decode16(code + 1, bits);
      const middle = Math.fround((low + high) / 2);
      const values = Float32Array.of(
        middle,
        Math.fround(low + (high - low) * 0.49),
        Math.fround(low + (high - low) * 0.51),
      );
      // In the lowest subnormals of BF16 float32 itself has too few steps to lie between.
      const expected = [...values].map((value) => {
        if (value - low === high - value) return code % 2 === 0 ? code : code + 1;
        return value - low < high - value ? code : code + 1;
      });
      expect([...new Uint16Array(fromFloat32(values, dtype).data.slice().buffer)]).toEqual(expected);
      const negative = new Uint16Array(
        fromFloat32(
          values.map((value) => -value),
          dtype,
        ).data.slice().buffer,
      );
      expect([...negative]).toEqual(expected.map((found) => found | 0x8000));
    }
  },
);

test('the first value that is not finite, or overflows on narrowing, is found with its index', () => {
  const values = Float32Array.of(1, 65519, 65520, Number.NaN);
  expect(fromFloat32(values, 'F16').problem).toEqual({ kind: 'overflow', index: 2, value: 65520 });
  expect(fromFloat32(values, 'F32').problem).toEqual({ kind: 'nan', index: 3, value: Number.NaN });
  expect(fromFloat32(Float32Array.of(0, Number.NEGATIVE_INFINITY), 'F32').problem?.kind).toBe('infinity');
  const large = Float32Array.of(3.3895313892515355e38, 3.4028234663852886e38);
  expect(fromFloat32(large, 'BF16').problem).toMatchObject({ kind: 'overflow', index: 1 });
  expect(fromFloat32(large, 'F32').problem).toBeUndefined();
  expect(findProblem(Float64Array.of(1e39), 'F32')).toMatchObject({ kind: 'overflow', index: 0 });
  expect(findProblem(Float64Array.of(1e39), 'F64')).toBeUndefined();
});

test('the 8-bit formats decode to the values that their definitions state', () => {
  const f8 = (dtype: Parameters<typeof toFloat32>[1], ...codes: number[]) => [
    ...toFloat32(Uint8Array.from(codes), dtype),
  ];
  expect(f8('F8_E4M3', 0x38, 0xb8, 0x7e, 0x7f, 0x01, 0x00)).toEqual([1, -1, 448, Number.NaN, 2 ** -9, 0]);
  expect(f8('F8_E5M2', 0x3c, 0x7b, 0x7c, 0xfc, 0x7d, 0x01)).toEqual([
    1,
    57344,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.NaN,
    2 ** -16,
  ]);
  expect(f8('F8_E4M3FNUZ', 0x40, 0x7f, 0x80, 0xff)).toEqual([1, 240, Number.NaN, -240]);
  expect(f8('F8_E5M2FNUZ', 0x40, 0x7f, 0x80)).toEqual([1, 57344, Number.NaN]);
  expect(f8('F8_E8M0', 127, 0, 254, 255)).toEqual([1, 2 ** -127, 2 ** 127, Number.NaN]);
});

test('integers, booleans and float64 become floats', () => {
  expect([...toFloat32(bytesOf(BigInt64Array.of(-3n, 7n)), 'I64')]).toEqual([-3, 7]);
  expect([...toFloat64(bytesOf(BigInt64Array.of(2n ** 53n)), 'I64')]).toEqual([2 ** 53]);
  expect([...toFloat32(bytesOf(Int16Array.of(-300, 300)), 'I16')]).toEqual([-300, 300]);
  expect([...toFloat32(Uint8Array.of(0, 1, 255), 'BOOL')]).toEqual([0, 1, 1]);
  expect([...toFloat32(Uint8Array.of(255), 'I8')]).toEqual([-1]);
  expect([...toFloat64(bytesOf(Float64Array.of(0.1)), 'F64')]).toEqual([0.1]);
  expect([...toFloat32(bytesOf(Float64Array.of(0.1)), 'F64')]).toEqual([Math.fround(0.1)]);
  expect(() => toFloat32(new Uint8Array(8), 'C64')).toThrow(/complex/);
});

test('data that does not lie at a multiple of its element size is read all the same', () => {
  const shifted = new Uint8Array(9);
  shifted.set(bytesOf(Float32Array.of(1.5, -2)), 1);
  expect([...toFloat32(shifted.subarray(1), 'F32')]).toEqual([1.5, -2]);
});

test('a part of a larger Buffer is converted alone', () => {
  const part = Buffer.from(Float32Array.of(1, 2, 3, 4).buffer).subarray(4, 12);
  expect([...toFloat32(part, 'F32')]).toEqual([2, 3]);
});
