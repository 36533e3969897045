import type { Verdict } from '@hubfuse/evaluate';
import type { Genealogy } from '@hubfuse/merge';
import { expect, test } from 'vitest';
import { ENVIRONMENT, MemoryStore, verdictOf } from '../test/search-doubles.ts';
import { evolve } from './evolve.ts';
import type { EvolveOptions, EvolveResult } from './evolver-types.ts';

const MODELS = ['a', 'b', 'c', 'd'];

const mix = (...words: number[]): number =>
  words.reduce((state, word) => Math.imul(state ^ word, 0x9e37_79b1) ^ (state >>> 15), 0x5bd1);

/** Each individual is one number here, a child another one; a score in thousandths says nothing else about them. */
function scoreOf({ steps, update, individual }: Genealogy): number {
  let population = MODELS.map((_, index) => mix(index));
  let seen = population;
  for (const [i, { generation, individual: parent, references }] of steps.entries()) {
    if (update === 'steady' || steps[i - 1]?.generation !== generation) seen = population;
    const words = [parent, ...references].map((index) => seen[index] ?? Number.NaN);
    population = population.with(parent, mix(generation, ...words));
  }
  const value = individual === undefined ? mix(...population) : (population[individual] ?? Number.NaN);
  return (300 + ((value >>> 0) % 700)) / 1000;
}

async function search(
  more: Partial<EvolveOptions> & { raced?: boolean; stopAfter?: number } = {},
): Promise<EvolveResult> {
  const { raced = true, stopAfter = Number.POSITIVE_INFINITY, ...options } = more;
  let judged = 0;
  return await evolve({
    models: MODELS,
    merged: false,
    judge: async (genealogy, { bar, rising }) => {
      if (judged++ >= stopAfter) throw new Error('killed');
      await rising?.settled;
      return verdictOf(scoreOf(genealogy), { bar: rising?.value ?? bar, raced });
    },
    store: new MemoryStore(),
    identity: 'x',
    environment: ENVIRONMENT,
    settings: { seed: 3, generations: 6 },
    ...options,
  });
}

const timeless = ({ candidates, genealogy, ended }: EvolveResult) => ({
  ended,
  genealogy,
  candidates: candidates.map(({ seconds: _, ...rest }) => rest),
});

const SETTINGS = [
  ['Evolver alone', { merged: false }],
  ['around a merger', { merged: true }],
  ['in synchronous generations', { settings: { seed: 3, generations: 6, update: 'synchronous' } }],
  ['around a merger in synchronous generations', { merged: true, settings: { seed: 5, update: 'synchronous' } }],
  ['by blends', { settings: { seed: 3, generations: 6, mode: 'blend' } }],
] as const satisfies readonly (readonly [string, Partial<EvolveOptions>])[];

test.each(SETTINGS)('%s: the best score never falls and is that of the result', async (_, options) => {
  const best: number[] = [];
  const result = await search({
    ...options,
    onEvent: (event) => {
      if (event.type === 'candidate') best.push(event.best);
    },
  });
  expect(best).toEqual([...best].sort((a, b) => a - b));
  expect(result.best.score).toBe(best.at(-1));
  expect(scoreOf(result.genealogy)).toBe(result.best.score);
  expect(result.candidates.some(({ accepted }) => accepted)).toBe(true);
  expect(result.candidates.some(({ accepted }) => !accepted)).toBe(true);
});

test.each(SETTINGS)('%s: racing changes no decision', async (_, options) => {
  const [raced, full] = await Promise.all([search(options), search({ ...options, raced: false })]);
  expect(raced.candidates.map(({ step, accepted }) => [step, accepted])).toEqual(
    full.candidates.map(({ step, accepted }) => [step, accepted]),
  );
  expect(raced.genealogy).toEqual(full.genealogy);
  expect(raced.spent.examples).toBeLessThan(full.spent.examples);
  expect(raced.spent.examplesInFull).toBe(full.spent.examples);
});

test.each(SETTINGS)('%s: killed after any number of scores, it goes on to the same end', async (_, options) => {
  const whole = await search(options);
  for (const stopAfter of [0, 1, 4, 5, 11, 20]) {
    const store = new MemoryStore();
    await expect(search({ ...options, store, stopAfter })).rejects.toThrow('killed');
    expect(timeless(await search({ ...options, store }))).toEqual(timeless(whole));
  }
});

test.each(SETTINGS)('%s: candidates judged side by side give the same decisions', async (_, options) => {
  const alone = await search(options);
  for (const parallel of [2, 8]) {
    let running = 0;
    let most = 0;
    const judge: EvolveOptions['judge'] = async (genealogy, { bar, rising }) => {
      most = Math.max(most, ++running);
      // Later ones are ready first.
      await new Promise((resolve) => setTimeout(resolve, running === 1 ? 2 : 0));
      await rising?.settled;
      running--;
      return verdictOf(scoreOf(genealogy), { bar: rising?.value ?? bar, raced: true });
    };
    const store = new MemoryStore();
    const result = await search({ ...options, judge, parallel, store });
    expect(timeless(result)).toEqual(timeless(alone));
    const synchronous = 'settings' in options && 'update' in options.settings;
    expect(most).toBe(synchronous ? Math.min(parallel, MODELS.length) : 1);
    expect(running).toBe(0);
  }
});

test('side by side: killed after any number of scores, it goes on to the same end', async () => {
  const settings = { seed: 5, update: 'synchronous' } as const;
  const whole = await search({ merged: true, settings });
  for (const stopAfter of [1, 2, 5, 6, 14]) {
    const store = new MemoryStore();
    const more = { merged: true, settings, store, parallel: 3 } as const;
    await expect(search({ ...more, stopAfter })).rejects.toThrow('killed');
    expect(timeless(await search(more))).toEqual(timeless(whole));
  }
});

test('side by side: a budget ends the search after the same decision, and what was begun beyond it is given up', async () => {
  const settings = { seed: 3, generations: 6, update: 'synchronous' } as const;
  const budget = { evaluations: 10 };
  const alone = await search({ settings, budget });
  const together = await search({ settings, budget, parallel: 8 });
  expect(timeless(together)).toEqual(timeless(alone));
  expect(together.spent.evaluations).toBe(10);
});

test('a child must be strictly better: a population of equals stays as it is', async () => {
  const same: Verdict = { accepted: false, score: 0.5, datasets: { x: 0.5 }, examples: 1, total: 1 };
  const result = await search({ judge: async (_, { bar }) => ({ ...same, accepted: bar === undefined }) });
  expect(result.genealogy).toMatchObject({ steps: [], individual: 0 });
  expect(result.best.candidate).toBeUndefined();
});

test('a child of a steady generation sees those before it, one of a synchronous generation does not', async () => {
  const seen = async (update: 'steady' | 'synchronous') => {
    const lengths: number[] = [];
    await search({
      settings: { seed: 3, generations: 1, update },
      judge: async (genealogy, { bar }) => {
        if (bar !== undefined) lengths.push(genealogy.steps.length);
        return { accepted: true, score: lengths.length, datasets: {}, examples: 1, total: 1 };
      },
    });
    return lengths;
  };
  expect(await seen('steady')).toEqual([1, 2, 3, 4]);
  expect(await seen('synchronous')).toEqual([1, 1, 1, 1]);
});

test('an ended search is replayed without scoring, on any processor', async () => {
  const store = new MemoryStore();
  const first = await search({ store });
  const other = { ...ENVIRONMENT, processor: 'y' };
  const replayed = await search({ store, replay: true, stopAfter: 0, environment: other });
  expect(timeless(replayed)).toEqual(timeless(first));
});

test('resuming on another kind of processor must be allowed, and is recorded', async () => {
  const store = new MemoryStore();
  await expect(search({ store, stopAfter: 9 })).rejects.toThrow('killed');
  const other = { ...ENVIRONMENT, processor: 'y' };
  const before = store.text;
  await expect(search({ store, environment: other })).rejects.toMatchObject({ code: 'evolve/other-processor' });
  expect(store.text).toBe(before);
  const result = await search({ store, environment: other, allowOtherProcessor: true });
  expect(result).toMatchObject({ environment: ENVIRONMENT, otherEnvironments: [other] });
});

test.each([
  ['evaluations', { evaluations: 9 }, 9],
  ['examples', { examples: 500 }, undefined],
  ['generations', { generations: 2 }, 12],
] as const)('a budget of %s ends the search cleanly with the best so far', async (reason, budget, evaluations) => {
  const result = await search({ budget });
  expect(result.ended).toBe(reason);
  if (evaluations !== undefined) expect(result.spent.evaluations).toBe(evaluations);
  expect(scoreOf(result.genealogy)).toBe(result.best.score);
});

test.each([
  ['damaged', (text: string) => text.slice(0, -20), 'evolve/checkpoint-damaged'],
  ['of another version', (text: string) => text.replace('"version":1', '"version":2'), 'evolve/checkpoint-version'],
] as const)('a checkpoint that is %s is refused and kept', async (_, damage, code) => {
  const store = new MemoryStore();
  await expect(search({ store, stopAfter: 9 })).rejects.toThrow('killed');
  const damaged = damage(JSON.stringify(JSON.parse(store.text ?? '')));
  store.text = damaged;
  await expect(search({ store })).rejects.toMatchObject({ code });
  expect(store.text).toBe(damaged);
});

test('a checkpoint of another search is refused and kept', async () => {
  const store = new MemoryStore();
  await search({ store });
  const before = store.text;
  await expect(search({ store, identity: 'y' })).rejects.toMatchObject({ code: 'evolve/other-search' });
  expect(store.text).toBe(before);
});

test.each([
  ['two models for a difference', { models: ['a', 'b'] }, 'evolve/too-few-models'],
  ['one model for a blend', { models: ['a'], settings: { mode: 'blend' } }, 'evolve/too-few-models'],
  ['a crossover rate above 1', { settings: { crossover: 1.5 } }, 'evolve/bad-setting'],
  ['no generations', { settings: { generations: 0 } }, 'evolve/bad-setting'],
  ['a budget of nothing', { budget: { examples: 0 } }, 'evolve/empty-budget'],
  [
    'a best reference where nothing has a score',
    { merged: true, settings: { mode: 'blend', reference: 'best' } },
    'evolve/bad-setting',
  ],
] as const)('refuses %s', async (_, more, code) => {
  await expect(search(more)).rejects.toMatchObject({ code });
});
