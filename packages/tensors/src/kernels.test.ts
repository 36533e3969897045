import type { KeysInRange } from '@hubfuse/plugin';
import { describe, expect, test } from 'vitest';
import { storedHalves } from '../test/stored-halves.ts';
import { fromFloat32 } from './convert.ts';
import { KernelInstance, KernelMemory } from './kernels.ts';

const memory = new KernelMemory();
const kernels = new KernelInstance(memory);
memory.reserve(64 << 20);

function row(values: ArrayLike<number>): Float32Array {
  const array = memory.float32(values.length);
  array.set(values);
  return array;
}

const bits = (array: Float32Array): number[] => [...new Uint32Array(array.buffer, array.byteOffset, array.length)];

/** Values of all magnitudes, both signs, from a fixed seed. */
function spread(length: number, seed = 1): Float32Array {
  let state = seed;
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  return Float32Array.from({ length }, () => (next() - 0.5) * 10 ** (next() * 12 - 8));
}

describe('widening and narrowing', () => {
  test('every float16 and bfloat16 value survives the way to float32 and back', () => {
    for (const dtype of ['F16', 'BF16'] as const) {
      const exponent = dtype === 'F16' ? 0x7c00 : 0x7f80;
      const codes = Uint16Array.from({ length: 65_536 }, (_, code) => code).filter((c) => (c & exponent) !== exponent);
      const raw = memory.bytes(codes.length * 2);
      raw.set(new Uint8Array(codes.buffer));
      const wide = row(new Float32Array(codes.length));
      expect(kernels.widen(dtype, raw, wide)).toBe(-1);
      const back = memory.bytes(codes.length * 2);
      expect(kernels.narrow(dtype, wide, back)).toBe(-1);
      expect(Buffer.compare(back, raw)).toBe(0);
    }
  });

  test('narrowing rounds to nearest, ties to even, as the reference conversion does', () => {
    for (const dtype of ['F16', 'BF16'] as const) {
      const values = spread(10_007, 3).map((value) => Math.max(-60_000, Math.min(60_000, value)));
      const raw = memory.bytes(values.length * 2);
      expect(kernels.narrow(dtype, row(values), raw)).toBe(-1);
      expect(Buffer.compare(raw, fromFloat32(values, dtype).data)).toBe(0);
    }
  });

  test('rounding in place gives what narrowing and widening give', () => {
    for (const dtype of ['F16', 'BF16', 'F32', 'F64'] as const) {
      for (const length of [0, 1, 3, 4, 7, 8, 9, 10_007]) {
        const values = spread(length, 4).map((value) => Math.max(-60_000, Math.min(60_000, value)));
        const raw = memory.bytes(length * 8);
        const expected = row(values);
        kernels.narrow(dtype, expected, raw);
        kernels.widen(dtype, raw, expected);
        const rounded = row(values);
        expect(kernels.round(dtype, rounded)).toBe(-1);
        expect(bits(rounded)).toEqual(bits(expected));
      }
    }
  });

  test('rounding in place stops at the first value that it cannot hold, and leaves it to be told', () => {
    for (let at = 0; at < 11; at++) {
      for (const [dtype, value] of [
        ['F16', -65_520],
        ['BF16', Math.fround(3.4e38)],
        ['F32', Number.POSITIVE_INFINITY],
      ] as const) {
        const values = row(new Float32Array(11).fill(1));
        values[at] = value;
        values[10] = Number.NaN;
        if (at === 10) values[at] = value;
        expect(kernels.round(dtype, values), `${dtype} at ${at}`).toBe(at);
        expect(values[at]).toBe(value);
      }
    }
  });

  test('the first value that is not finite or overflows is found at every position of a vector', () => {
    for (let at = 0; at < 11; at++) {
      for (const [dtype, value] of [
        ['F16', 65_520],
        ['BF16', 3.4e38],
        ['F32', Number.NaN],
        ['F64', Number.NEGATIVE_INFINITY],
      ] as const) {
        const values = row(new Float32Array(11).fill(1));
        values[at] = value;
        expect(kernels.narrow(dtype, values, memory.bytes(88)), `${dtype} at ${at}`).toBe(at);
      }
      const raw = new Float32Array(11).fill(2);
      raw[at] = Number.POSITIVE_INFINITY;
      const stored = memory.bytes(44);
      stored.set(new Uint8Array(raw.buffer));
      expect(kernels.widen('F32', stored, row(new Float32Array(11)))).toBe(at);
    }
  });
});

describe('exp and tanh', () => {
  test('exp stays within 3e-7 of the true value over its whole range', () => {
    const x = Float32Array.from({ length: 40_001 }, (_, i) => (i - 20_000) / 230);
    const out = row(x);
    kernels.exponential(out, row(x), 1, 0);
    x.forEach((value, i) => {
      const truth = Math.exp(Math.max(-87, Math.min(87, value)));
      expect(Math.abs((out[i] as number) - truth) / truth).toBeLessThan(3e-7);
    });
  });

  test('tanh keeps the relative precision of the smallest and saturates at one', () => {
    const x = spread(20_011, 5);
    const out = row(x);
    kernels.hyperbolicTangent(out, row(x));
    x.forEach((value, i) => {
      const truth = Math.tanh(value);
      expect(Math.abs((out[i] as number) - truth)).toBeLessThanOrEqual(3e-7 * Math.abs(truth) + 1e-45);
    });
  });
});

describe('kernels over several rows', () => {
  test('a weighted sum is the float64 sum rounded once', () => {
    const rows = [spread(1_003, 7), spread(1_003, 8), spread(1_003, 9)];
    const weights = [0.3, 0.3, 0.4];
    const out = row(new Float32Array(1_003));
    kernels.weightedSum(out, rows.map(row), weights);
    out.forEach((value, i) => {
      let sum = 0;
      rows.forEach((values, j) => {
        sum += (values[i] as number) * (weights[j] as number);
      });
      expect(value).toBe(Math.fround(sum));
    });
  });

  test('values that disagree with the elected sign, and zeros, do not count', () => {
    const rows = [
      [3, 1, 0, -2],
      [-1, 1, 0, 2],
      [1, 0, 0, 0],
    ].map(row);
    const elected = (merge: 'sum' | 'mean' | 'max', zero: 1 | 0 | -1 = 1) => {
      const out = row(new Float32Array(4));
      kernels.elect(out, rows, [1, 1, 1], { merge, zero });
      return [...out];
    };
    expect(elected('sum')).toEqual([4, 2, 0, 2]);
    expect(elected('mean')).toEqual([2, 1, 0, 2]);
    expect(elected('max')).toEqual([3, 1, 0, 2]);
    expect(elected('sum', -1)[3]).toBe(-2);
    expect(elected('sum', 0)[3]).toBe(0);
  });
});

describe('counting order keys', () => {
  test('collected keys and histograms agree with sorting', () => {
    const values = spread(5_003, 11);
    const sorted = [...values].sort((a, b) => a - b);
    const keys = memory.uint32(values.length);
    const counts = memory.uint32(2);
    kernels.collect(row(values), { keys, counts }, { low: 0, high: 0xffffffff, absolute: false });
    expect([...counts]).toEqual([0, values.length]);
    const float = (key: number) =>
      new Float32Array(Uint32Array.of(key >= 0x80000000 ? key ^ 0x80000000 : ~key).buffer)[0];
    expect([...keys].sort((a, b) => a - b).map(float)).toEqual(sorted);
    const bins = memory.uint32(1 << 16);
    const below = kernels.histogram(row(values), bins, { low: 0x80000000, shift: 16, absolute: false });
    expect(below).toBe(sorted.filter((value) => value < 0).length);
    expect(bins.reduce((sum, count) => sum + count, 0)).toBe(values.length - below);
  });

  test('keys of distances are those that differences would give, for ranges below, above and across each other', () => {
    const magnitude = (key: number) => Math.max(0, Math.min(0x7fffffff, key));
    for (const length of [0, 1, 15, 16, 17, 5_003]) {
      const [x, y] = [row(spread(length, 12)), row(spread(length, 13))];
      // Whole vectors that are equal: their distance is zero.
      y.set(x.subarray(0, Math.floor(length / 3)));
      const differences = row(x);
      kernels.subtract(differences, x, y);
      const sorted = [...new Uint32Array(differences.buffer, differences.byteOffset, length)]
        .map((key) => key & 0x7fffffff)
        .sort((a, b) => a - b);
      const middle = sorted[Math.floor(length / 2)] ?? 0;
      const top = sorted.at(-1) ?? 0;
      const limits = [
        [0, 0],
        [magnitude(middle - 50_000), magnitude(middle + 50_000)],
        [magnitude(middle), 0xffffffff],
        [magnitude(top - 10_000), top],
      ] as const;
      const ranges = limits.map(([low, high], index) => {
        // The last one has no room for all that it finds.
        const keys = memory.uint32(index === 3 ? 1 : index === 0 ? 0 : length);
        return { low, high, keys, counts: memory.uint32(2) };
      });
      const expectSame = (found: readonly KeysInRange[]) => {
        for (const { low, high, keys, counts } of found) {
          const expected = { keys: memory.uint32(keys.length), counts: memory.uint32(2) };
          kernels.collect(differences, expected, { low, high, absolute: true });
          expect([...counts]).toEqual([...expected.counts]);
          // What stands behind the last key is whatever it is.
          expect([...keys.subarray(0, counts[1])]).toEqual([...expected.keys.subarray(0, counts[1])]);
        }
      };
      const emptied = (range: KeysInRange) => ({
        ...range,
        keys: memory.uint32(range.keys.length),
        counts: memory.uint32(2),
      });
      const collectAnew = (a: Float32Array | Uint16Array, b: typeof a) => {
        const together = ranges.map(emptied);
        kernels.collectDistances(a, b, together);
        expectSame(together);
        for (const range of ranges) {
          const alone = [emptied(range)];
          kernels.collectDistances(a, b, alone);
          expectSame(alone);
        }
      };
      collectAnew(x, y);
      const [halfX, halfY] = [storedHalves({ kernels, memory }, x), storedHalves({ kernels, memory }, y)];
      kernels.subtract(differences, x, y);
      collectAnew(halfX, halfY);
    }
  });
});
