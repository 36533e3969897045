import type { TensorData } from '@hubfuse/tensors';
import { fromFloat32 } from '@hubfuse/tensors';
import { expect, test } from 'vitest';
import { differences } from './compare-tensors.ts';

const tensor = (dtype: 'F32' | 'BF16', ...values: number[]): TensorData => ({
  dtype,
  shape: [values.length],
  data: fromFloat32(Float32Array.from(values), dtype).data,
});
const absolute = { rtol: 1e-3, atol: 1e-3 };

test('equal files have no differences, and a value beyond the tolerance is one', () => {
  const expected = new Map([['a', tensor('F32', 1, 2)]]);
  expect(differences({ found: expected, expected, tolerance: absolute })).toEqual([]);
  const far = new Map([['a', tensor('F32', 1, 2.1)]]);
  expect(differences({ found: far, expected, tolerance: absolute })).toEqual([expect.stringMatching(/a: 1 values/)]);
  const bad = new Map([['a', tensor('F32', 1, Number.NaN)]]);
  expect(differences({ found: bad, expected, tolerance: absolute })).toHaveLength(1);
  const ignored = new Map([['a', { dtype: 'BOOL' as const, shape: [2], data: Uint8Array.of(0, 1) }]]);
  expect(differences({ found: far, expected, tolerance: absolute, ambiguous: ignored })).toEqual([]);
});

test('missing and superfluous tensors and other dtypes and shapes are differences', () => {
  const expected = new Map([['a', tensor('F32', 1)]]);
  const found = (name: string, value: TensorData) =>
    differences({ found: new Map([[name, value]]), expected, tolerance: absolute });
  expect(found('b', tensor('F32', 1))).toEqual(['b should not be there', 'a is missing']);
  expect(found('a', tensor('BF16', 1))).toEqual(['a is BF16 [1] instead of F32 [1]']);
  expect(found('a', tensor('F32', 1, 1))).toEqual(['a is F32 [2] instead of F32 [1]']);
});

test('16-bit values may lie a step apart, but only few of them', () => {
  const expected = new Map([['a', tensor('BF16', -1, 1, 2, 3)]]);
  const step = new Map([['a', tensor('BF16', -1.0078125, 1, 2, 3)]]);
  const tolerance = { ulps: 1, share: 0.25 };
  expect(differences({ found: step, expected, tolerance })).toEqual([]);
  expect(differences({ found: step, expected, tolerance: { ulps: 1, share: 0.2 } })).toHaveLength(1);
  const far = new Map([['a', tensor('BF16', -1.015625, 1, 2, 3)]]);
  expect(differences({ found: far, expected, tolerance })).toHaveLength(1);
});
