import { expect, test } from 'vitest';
import { ENVIRONMENT, MemoryStore, verdictOf } from '../test/search-doubles.ts';
import type { CoefficientResult, SearchCoefficientsOptions } from './coefficient-types.ts';
import { searchCoefficients } from './search-coefficients.ts';

const dimensions = [
  { name: 'lambda', low: 0, high: 2, start: 1 },
  { name: 'ratio', low: 0, high: 1, start: 0.1 },
];

/** In steps of 1/1000, as accuracies have. */
function scoreOf([lambda = 0, ratio = 0]: readonly number[]): number {
  return Math.round(1000 * (1 - (lambda - 0.4) ** 2 - (ratio - 0.6) ** 2)) / 1000;
}

async function search(
  more: Partial<SearchCoefficientsOptions> & { raced?: boolean; stopAfter?: number } = {},
): Promise<CoefficientResult> {
  const { raced = true, stopAfter = Number.POSITIVE_INFINITY, ...options } = more;
  let judged = 0;
  return await searchCoefficients({
    dimensions,
    judge: async (point, { bar }) => {
      if (judged++ >= stopAfter) throw new Error('killed');
      return verdictOf(scoreOf(point), { bar, raced });
    },
    store: new MemoryStore(),
    identity: 'x',
    environment: ENVIRONMENT,
    settings: { seed: 3, evaluations: 80 },
    ...options,
  });
}

test('the start is scored first and the best point seen is the result', async () => {
  const result = await search();
  expect(result.initial).toMatchObject([{ name: 'start', verdict: { score: 0.39 } }]);
  expect(result.best.score).toBeGreaterThan(0.99);
  expect(result.ended).toBe('evaluations');
  expect(result.spent.evaluations).toBe(80);
  const seen = result.candidates.flatMap(({ verdict }) => verdict.score ?? []);
  expect(result.best.score).toBe(Math.max(...seen));
  expect(result.candidates[result.best.candidate ?? -1]?.point).toEqual(result.point);
});

test('racing changes no point and no decision', async () => {
  const [raced, full] = await Promise.all([search(), search({ raced: false })]);
  expect(raced.candidates.map(({ point }) => point)).toEqual(full.candidates.map(({ point }) => point));
  expect(raced.point).toEqual(full.point);
  expect(raced.spent.examples).toBeLessThan(full.spent.examples);
});

test.each([0, 1, 17, 60])('a search that is killed after %i scores goes on to the same end', async (stopAfter) => {
  const store = new MemoryStore();
  await expect(search({ store, stopAfter })).rejects.toThrow('killed');
  const resumed = await search({ store });
  const whole = await search();
  const timeless = ({ candidates, point }: CoefficientResult) => [
    point,
    candidates.map(({ seconds: _, ...rest }) => rest),
  ];
  expect(timeless(resumed)).toEqual(timeless(whole));
});

test('an ended search is replayed without scoring', async () => {
  const store = new MemoryStore();
  const { point } = await search({ store });
  expect((await search({ store, replay: true, stopAfter: 0 })).point).toEqual(point);
});

test('without restarts a search ends where it converges', async () => {
  const result = await search({ settings: { seed: 3, restarts: 'none', evaluations: 5000 } });
  expect(result.ended).toBe('converged');
  expect(result.best.score).toBe(1);
});

test.each([['bipop'], ['ipop']] as const)('after convergence %s begins again elsewhere', async (restarts) => {
  const result = await search({ settings: { seed: 3, restarts, evaluations: 700 } });
  expect(result.ended).toBe('evaluations');
  expect(result.spent.evaluations).toBe(700);
});

test.each([
  ['no dimensions', { dimensions: [] }, 'evolve/bad-setting'],
  ['a start outside', { dimensions: [{ name: 'a', low: 0, high: 1, start: 2 }] }, 'evolve/bad-setting'],
  ['a population of one', { settings: { population: 1 } }, 'evolve/bad-setting'],
  ['a budget of nothing', { budget: { evaluations: 0 } }, 'evolve/empty-budget'],
] as const)('refuses %s', async (_, more, code) => {
  await expect(search(more)).rejects.toMatchObject({ code });
});
