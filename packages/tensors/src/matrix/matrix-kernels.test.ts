import { factorValues } from '@hubfuse/plugin';
import { describe, expect, test } from 'vitest';
import { KernelInstance, KernelMemory } from '../kernels.ts';

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
  test.each(SIZES)('multiplyAdd adds the product, or takes it away, at size %i in every dimension', async (size) => {
    const { memory, matrix, fill } = bench();
    for (const shape of [
      { rows: size, inner: 5, columns: 7 },
      { rows: 6, inner: size, columns: 9 },
      { rows: 3, inner: 11, columns: size },
    ]) {
      const a = fill(shape.rows * shape.inner);
      const b = fill(shape.inner * shape.columns);
      const out = fill(shape.rows * shape.columns);
      const [added, reduced] = [1, -1].map((sign) =>
        product(a, b, shape).map((value, i) => (out[i] as number) + sign * value),
      ) as [Float64Array, Float64Array];
      const again = memory.float64(out.length);
      again.set(out);
      await matrix.multiplyAdd(out, a, b, shape);
      expect(largestDifference(out, added)).toBeLessThan(1e-13);
      await matrix.multiplyAdd(again, a, b, { ...shape, negative: true });
      expect(largestDifference(again, reduced)).toBeLessThan(1e-13);
    }
  });

  test.each([...SIZES, 520])(
    'factor and solve of size %i give rows whose product with the matrix is the right side',
    async (size) => {
      const { memory, matrix, fill, positive } = bench();
      const rows = 9;
      const equations = positive(size);
      const right = fill(rows * size);
      const factor = memory.float64(factorValues(size));
      const solution = memory.float64(rows * size);
      solution.set(right);
      const { failed, smallest } = await matrix.factor(factor, equations, { size, tolerance: 1e-14 });
      expect(failed).toBe(-1);
      expect(smallest).toBeGreaterThan(0);
      expect(smallest).toBeLessThanOrEqual(1);
      // Room for fewer rows than there are.
      await matrix.solve(solution, factor, { size, room: memory.float64(4 * size) });
      const back = product(solution, equations, { rows, inner: size, columns: size });
      expect(largestDifference(back, Float64Array.from(right))).toBeLessThan(1e-9);
    },
  );

  test('factor weakens everything but the diagonal first', async () => {
    const { memory, matrix, positive, fill } = bench();
    const size = 300;
    const equations = positive(size);
    const weakened = equations.map((value, at) => (at % (size + 1) === 0 ? value : 0.25 * value));
    const factor = memory.float64(factorValues(size));
    await matrix.factor(factor, equations, { size, tolerance: 1e-14, offDiagonal: 0.25 });
    const right = fill(size);
    const solution = memory.float64(size);
    solution.set(right);
    await matrix.solve(solution, factor, { size, room: memory.float64(size) });
    const back = product(solution, weakened, { rows: 1, inner: size, columns: size });
    expect(largestDifference(back, Float64Array.from(right))).toBeLessThan(1e-11);
  });

  test.each([70, 300])('factor of size %i names the first pivot that the columns before it explain', async (size) => {
    const { memory, matrix, positive } = bench();
    const equations = positive(size);
    // Row and column n - 4 become those of 3: the matrix loses rank there.
    const last = size - 4;
    for (let i = 0; i < size; i++) equations[last * size + i] = equations[3 * size + i] as number;
    for (let i = 0; i < size; i++) equations[i * size + last] = equations[i * size + 3] as number;
    const factor = memory.float64(factorValues(size));
    expect(await matrix.factor(factor, equations, { size, tolerance: 1e-12 })).toMatchObject({ failed: last });
  });

  test('badly conditioned blocks leave as little over as others', async () => {
    const { memory, matrix, fill } = bench();
    const size = 300;
    // Rows of very different length, nearly the same direction: the condition is about 1e9.
    const direction = fill(size);
    const spread = (i: number) => 10 ** ((3 * i) / size);
    const equations = memory.float64(size * size);
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++) {
        const own = i === j ? 1e-6 : 0;
        equations[i * size + j] = spread(i) * spread(j) * ((direction[i] as number) * (direction[j] as number) + own);
      }
    }
    const factor = memory.float64(factorValues(size));
    expect(await matrix.factor(factor, equations, { size, tolerance: 1e-14 })).toMatchObject({ failed: -1 });
    const right = memory.float64(size);
    right.set(product(fill(size), equations, { rows: 1, inner: size, columns: size }));
    const solution = memory.float64(size);
    solution.set(right);
    await matrix.solve(solution, factor, { size, room: memory.float64(size) });
    const back = product(solution, equations, { rows: 1, inner: size, columns: size });
    const scale = Math.max(...equations.map(Math.abs)) * Math.max(...solution.map(Math.abs)) * size;
    expect(largestDifference(back, Float64Array.from(right)) / scale).toBeLessThan(1e-15);
  });

  test('addScaled adds to an odd number of values', () => {
    const { matrix, fill } = bench();
    const [out, x] = [fill(7), fill(7)];
    const expected = out.map((value, i) => value + 3 * (x[i] as number));
    matrix.addScaled(out, x, 3);
    expect([...out]).toEqual([...expected]);
  });

  test('a matrix that is smaller than its size says is refused', async () => {
    const { matrix, fill } = bench();
    await expect(matrix.factor(fill(18), fill(8), { size: 3, tolerance: 0 })).rejects.toThrow(RangeError);
  });
});
