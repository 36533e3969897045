import { describe, expect, test } from 'vitest';
import { KernelInstance, KernelMemory } from './kernels.ts';

/** Sizes below, at and beyond those of tiles and slices. */
const SIZES = [1, 3, 4, 17, 64, 65, 130, 261];

function bench() {
  const memory = new KernelMemory();
  const { matrix } = new KernelInstance(memory);
  memory.reserve(32 << 20);
  let state = 1;
  const random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  };
  const fill = (length: number) => {
    const array = memory.float64(length);
    for (let i = 0; i < length; i++) array[i] = random();
    return array;
  };
  /** A matrix of full rank whose smallest eigenvalue is 0.1. */
  const positive = (size: number) => {
    const half = fill(size * size);
    const matrix = memory.float64(size * size);
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++) {
        let sum = i === j ? 0.1 : 0;
        for (let k = 0; k < size; k++) sum += (half[i * size + k] as number) * (half[j * size + k] as number);
        matrix[i * size + j] = sum;
      }
    }
    return matrix;
  };
  return { memory, matrix, fill, positive };
}

function product(a: Float64Array, b: Float64Array, size: { rows: number; inner: number; columns: number }) {
  const { rows, inner, columns } = size;
  return Float64Array.from({ length: rows * columns }, (_, at) => {
    const [row, column] = [Math.floor(at / columns), at % columns];
    let sum = 0;
    for (let k = 0; k < inner; k++) sum += (a[row * inner + k] as number) * (b[k * columns + column] as number);
    return sum;
  });
}

function largestDifference(a: Float64Array, b: Float64Array): number {
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] as number))), 0);
}

describe('float64 matrix kernels', () => {
  test.each(SIZES)('multiplyAdd adds the scaled product at size %i in every dimension', (size) => {
    const { matrix, fill } = bench();
    for (const shape of [
      { rows: size, inner: 5, columns: 7 },
      { rows: 6, inner: size, columns: 9 },
      { rows: 3, inner: 11, columns: size },
    ]) {
      const a = fill(shape.rows * shape.inner);
      const b = fill(shape.inner * shape.columns);
      const out = fill(shape.rows * shape.columns);
      const expected = product(a, b, shape).map((value, i) => (out[i] as number) - 0.5 * value);
      matrix.multiplyAdd(out, a, b, { ...shape, scale: -0.5 });
      expect(largestDifference(out, expected)).toBeLessThan(1e-13);
    }
  });

  test.each(SIZES)('factor and solve of size %i give rows whose product with the matrix is the right side', (size) => {
    const { memory, matrix, fill, positive } = bench();
    const rows = 9;
    const equations = positive(size);
    const right = fill(rows * size);
    const factor = memory.float64(size * size);
    factor.set(equations);
    const solution = memory.float64(rows * size);
    solution.set(right);
    expect(matrix.factor(factor, size, 1e-14)).toBe(-1);
    matrix.solve(solution, factor, size);
    const back = product(solution, equations, { rows, inner: size, columns: size });
    expect(largestDifference(back, Float64Array.from(right))).toBeLessThan(1e-9);
  });

  test('factor names the first pivot that the columns before it explain', () => {
    const { matrix, positive } = bench();
    const size = 70;
    const equations = positive(size);
    // Row and column 66 become those of 3: the matrix loses rank there.
    for (let i = 0; i < size; i++) equations[66 * size + i] = equations[3 * size + i] as number;
    for (let i = 0; i < size; i++) equations[i * size + 66] = equations[i * size + 3] as number;
    expect(matrix.factor(equations, size, 1e-12)).toBe(66);
  });

  test('addScaled adds to an odd number of values', () => {
    const { matrix, fill } = bench();
    const [out, x] = [fill(7), fill(7)];
    const expected = out.map((value, i) => value + 3 * (x[i] as number));
    matrix.addScaled(out, x, 3);
    expect([...out]).toEqual([...expected]);
  });

  test('a matrix that is smaller than its size says is refused', () => {
    const { matrix, fill } = bench();
    expect(() => matrix.factor(fill(8), 3, 0)).toThrow(RangeError);
  });
});
