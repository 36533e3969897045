import { describe, expect, test } from 'vitest';
import { CmaEs } from './cma-es.ts';
import { symmetricEigen } from './eigen.ts';
import { numberStream } from './number-stream.ts';

/** Standard functions, turned so that they are to be maximised, with the optimum inside the unit cube. */
const FUNCTIONS: Record<string, (x: readonly number[]) => number> = {
  sphere: (x) => -sum(x.map((value) => (value - 0.7) ** 2)),
  ellipsoid: (x) => -sum(x.map((value, i) => 1e4 ** (i / (x.length - 1)) * (value - 0.3) ** 2)),
  'rotated ellipsoid': (x) => {
    const [a = 0, b = 0, ...others] = x;
    return -((a + b - 1) ** 2 + 1e4 * (a - b) ** 2 + sum(others.map((value) => (value - 0.5) ** 2)));
  },
  rosenbrock: (x) => {
    const z = x.map((value) => 2 * value);
    return -sum(z.slice(1).map((next, i) => 100 * (next - (z[i] ?? 0) ** 2) ** 2 + (1 - (z[i] ?? 0)) ** 2));
  },
};
const BUDGET = 6000;

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function maximise(
  score: (x: readonly number[]) => number,
  options: { n: number; seed: number; start?: number },
): number {
  const { n, seed, start = 0.5 } = options;
  const { normal } = numberStream(seed, 0);
  const search = new CmaEs({
    mean: new Array<number>(n).fill(start),
    sigma: 1 / 6,
    population: 4 + Math.floor(3 * Math.log(n)),
    normal,
  });
  let best = Number.NEGATIVE_INFINITY;
  for (let spent = 0; spent < BUDGET && best < -1e-9; spent += search.population) {
    const points = Array.from({ length: search.population }, () => search.ask());
    for (const point of points)
      for (const value of point) if (value < 0 || value > 1) throw new Error('outside the box');
    const ranked = points.map((point) => ({ point, score: score(point) })).sort((a, b) => b.score - a.score);
    best = Math.max(best, ranked[0]?.score ?? best);
    search.tell(
      ranked.map(({ point }) => point),
      ranked[0]?.score ?? best,
    );
  }
  return best;
}

describe.each(Object.entries(FUNCTIONS))('CMA-ES on the function %s', (_, score) => {
  test.each([1, 2, 3])('comes within 1e-9 of the optimum in five dimensions (seed %i)', (seed) => {
    expect(maximise(score, { n: 5, seed })).toBeGreaterThan(-1e-9);
  });
});

test('an optimum at the wall of the box is found, and no point lies outside', () => {
  expect(maximise((x) => -sum(x.map((value) => value * value)), { n: 4, seed: 5 })).toBeGreaterThan(-1e-8);
});

test('the same seed gives the same points, another seed others', () => {
  const first = (seed: number) =>
    new CmaEs({ mean: [0.5, 0.5], sigma: 0.2, population: 6, normal: numberStream(seed, 0).normal }).ask();
  expect(first(3)).toEqual(first(3));
  expect(first(3)).not.toEqual(first(4));
});

test('a plateau counts as convergence', () => {
  const search = new CmaEs({ mean: [0.5, 0.5], sigma: 0.2, population: 6, normal: numberStream(1, 0).normal });
  for (let generation = 0; generation < 40 && !search.converged; generation++) {
    search.tell(
      Array.from({ length: 6 }, () => search.ask()),
      1,
    );
  }
  expect(search.converged).toBe(true);
});

test('normal numbers have mean 0 and variance 1', () => {
  const { normal } = numberStream(9, 0);
  const values = Array.from({ length: 20_000 }, normal);
  const mean = sum(values) / values.length;
  expect(Math.abs(mean)).toBeLessThan(0.03);
  expect(sum(values.map((value) => (value - mean) ** 2)) / values.length).toBeCloseTo(1, 1);
});

test('a symmetric matrix is the product of its eigenvectors and values', () => {
  const { uniform } = numberStream(2, 0);
  const n = 7;
  const half = Array.from({ length: n }, () => Array.from({ length: n }, uniform));
  const matrix = half.map((row, i) => row.map((value, j) => value + (half[j]?.[i] ?? 0)));
  const { values, vectors } = symmetricEigen(matrix);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      const product = sum(values.map((value, k) => value * (vectors[i]?.[k] ?? 0) * (vectors[j]?.[k] ?? 0)));
      expect(product).toBeCloseTo(matrix[i]?.[j] ?? Number.NaN, 10);
    }
  }
});
