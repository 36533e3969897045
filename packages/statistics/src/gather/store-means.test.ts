import { fromFloat32, toFloat32 } from '@hubfuse/tensors';
import { expect, test } from 'vitest';
import { type StorageType, storeMeans } from './store-means.ts';

function store(sums: readonly number[], rows: number, dtype: StorageType) {
  // Other values before and behind, which must stay.
  const all = Float64Array.of(7, ...sums, 7);
  const outcome = storeMeans(all.subarray(1, -1), { rows, dtype });
  const bytes = new Uint8Array(all.buffer, 8, sums.length * (dtype === 'F32' ? 4 : 2));
  expect([all[0], all.at(-1)]).toEqual([7, 7]);
  return { ...outcome, values: [...toFloat32(bytes, dtype)] };
}

test('means are stored where sums stood, with the largest error', () => {
  expect(store([4, 2, 9], 4, 'F32')).toEqual({ values: [1, 0.5, 2.25], storageError: 0 });
  const third = store([1, -6, 0], 3, 'F32');
  expect(third.values).toEqual([Math.fround(1 / 3), -2, 0]);
  expect(third.storageError).toBe(Math.abs(1 / 3 - Math.fround(1 / 3)) / 2);
  expect(store([0, 0], 3, 'BF16')).toEqual({ values: [0, 0], storageError: 0 });
});

test('bfloat16 is rounded once', () => {
  const values = [1, 1 / 3, -2.7, 2 ** -130, 1e38, 1 + 2 ** -8, 1 + 3 * 2 ** -8, -(1 + 2 ** -8)];
  const { data } = fromFloat32(Float32Array.from(values), 'BF16');
  expect(store(values.map(Math.fround), 1, 'BF16').values).toEqual([...toFloat32(data, 'BF16')]);
  // As float32 these lie exactly between two, and between the same two they do not.
  expect(store([1 + 2 ** -8 + 2 ** -40, 1 + 3 * 2 ** -8 - 2 ** -40], 1, 'BF16').values).toEqual([
    1 + 2 ** -7,
    1 + 2 ** -7,
  ]);
  expect(store([-(1 + 2 ** -8 + 2 ** -40)], 1, 'BF16').values).toEqual([-(1 + 2 ** -7)]);
});

test('the first value that is not finite as it is stored is named', () => {
  expect(store([1, Number.NaN, Number.POSITIVE_INFINITY], 1, 'F32').problem).toEqual({ index: 1, value: Number.NaN });
  expect(store([1, -4e38], 1, 'F32').problem).toEqual({ index: 1, value: -4e38 });
  expect(store([3.4e38], 1, 'BF16').problem).toEqual({ index: 0, value: 3.4e38 });
  expect(store([3.4e38], 1, 'F32').problem).toBeUndefined();
});
