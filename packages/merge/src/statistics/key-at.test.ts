import { expect, test } from 'vitest';
import { randomNumbers } from '../../../../tests/random-numbers.ts';
import { keyAt } from './key-at.ts';

/** Keys of a range in parts of several lengths, one of them longer than what is looked at at a time. */
function drawn(low: number, high: number, seed: number): Uint32Array[] {
  const random = randomNumbers(seed);
  return [3, 0, 70_001, 1, 2_000].map((length) =>
    Uint32Array.from({ length }, () => low + Math.floor(random() * (high - low + 1))),
  );
}

test.each([
  ['a narrow range', 0x3f80_0000, 0x3f8f_ffff],
  ['fewer values than parts', 7, 9],
  ['one value', 0xffff_ffff, 0xffff_ffff],
  ['all keys', 0, 0xffff_ffff],
  ['keys of which the top bit is set', 0x8000_0000, 0xffff_ffff],
  ['a range that ends behind a power of two', 0x1000, 0x1_1000],
])('the key at a place is that of the sorted keys: %s', (_, low, high) => {
  const parts = drawn(low, high, 5);
  const sorted = Uint32Array.from(parts.flatMap((part) => [...part])).sort();
  for (const position of [0, 1, 1_000, 36_001, sorted.length - 2, sorted.length - 1]) {
    expect(keyAt(parts, position, { low, high })).toBe(sorted[position]);
  }
});

test('keys that fill little of a wide range are narrowed all the same', () => {
  const parts = drawn(0x4000_0000, 0x4000_00ff, 9);
  const sorted = Uint32Array.from(parts.flatMap((part) => [...part])).sort();
  expect(keyAt(parts, 40_000, { low: 0, high: 0x7fff_ffff })).toBe(sorted[40_000]);
});
