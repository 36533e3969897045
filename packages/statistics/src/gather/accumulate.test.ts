import { expect, test } from 'vitest';
import { accumulate } from './accumulate.ts';

test('a block of a symmetric matrix enters the triangle, from the diagonal on where it lies on it', () => {
  const sums = new Float64Array(6).fill(100);
  const place = { rule: 'upper', output: '', width: 3 } as const;
  // Rows and columns 1 and 2; the 9 lies below the diagonal.
  const diagonal = { ...place, firstRow: 1, rows: 2, firstColumn: 1, columns: 2 };
  accumulate(sums, { values: Float32Array.of(4, 5, 9, 6) }, diagonal);
  expect([...sums]).toEqual([100, 100, 100, 104, 105, 106]);
  const corner = { ...place, firstRow: 0, rows: 1, firstColumn: 1, columns: 2 };
  accumulate(sums, { values: Float32Array.of(2, 3) }, corner);
  expect([...sums]).toEqual([100, 102, 103, 104, 105, 106]);
});

test('values and squares are added in float64', () => {
  const sums = Float64Array.of(1, 2 ** 40);
  accumulate(sums, { values: Float32Array.of(0.5, 1) }, { rule: 'sum', output: '' });
  expect([...sums]).toEqual([1.5, 2 ** 40 + 1]);
  accumulate(sums, { values: Float32Array.of(-3, 2 ** 13 + 1) }, { rule: 'squares', output: '' });
  expect([...sums]).toEqual([10.5, 2 ** 40 + 1 + (2 ** 13 + 1) ** 2]);
});

test('every value of an output enters, however many there are', () => {
  for (let length = 0; length < 10; length++) {
    const values = Float32Array.from({ length }, (_, at) => at + 1);
    const sums = new Float64Array(length).fill(0.5);
    accumulate(sums, { values }, { rule: 'sum', output: '' });
    expect([...sums]).toEqual(Array.from(values, (value) => 0.5 + value));
    accumulate(sums.fill(0), { values }, { rule: 'squares', output: '' });
    expect([...sums]).toEqual(Array.from(values, (value) => value * value));
  }
});

test('rows of one index are summed before they are squared', () => {
  const sums = Float64Array.of(1, 1, 1, 1, 1, 1);
  const values = Float32Array.of(1, 2, 3, 4, -4, 6);
  const indices = BigInt64Array.of(2n, 0n, 2n);
  accumulate(sums, { values, indices }, { rule: 'row-squares', output: '', indices: '', width: 2 });
  expect([...sums]).toEqual([1 + 9, 1 + 16, 1, 1, 1 + 9, 1 + 64]);
});
