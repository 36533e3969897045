import type { Metric, Prediction } from '@hubfuse/plugin';
import { describe, expect, test } from 'vitest';
import accuracy from '../metrics/accuracy.ts';
import exactMatch from '../metrics/exact-match.ts';
import macroF1 from '../metrics/macro-f1.ts';
import matthews from '../metrics/matthews.ts';
import microF1 from '../metrics/micro-f1.ts';
import spanF1 from '../metrics/span-f1.ts';
import { randomWords } from '../random-words.ts';
import { type Answers, packAnswers, unpackAnswers } from './answers.ts';
import { isBetter } from './difference.ts';
import { openPairedScores } from './open-paired-scores.ts';

type Said = { prediction: Prediction; reference: Prediction };

/** Uniform numbers in [0, 1), the same for the same seed. */
function uniform(seed: string): () => number {
  const words = randomWords(seed);
  return () => words() / 2 ** 32;
}

const LABELS = ['a', 'b', 'c'];
const TAGS = ['O', 'B-PER', 'I-PER', 'B-LOC', 'I-LOC'];

/** Answers of models that are right with the given probabilities, independently of each other. */
function simulate(options: { seed: string; examples: number; right: readonly number[]; words?: boolean }): Said[][] {
  const { seed, examples, right, words = false } = options;
  const next = uniform(seed);
  const pick = (from: readonly string[]) => from[Math.floor(next() * from.length)] ?? '';
  const models: Said[][] = right.map(() => []);
  for (let example = 0; example < examples; example++) {
    const reference = words ? Array.from({ length: 1 + Math.floor(next() * 6) }, () => pick(TAGS)) : pick(LABELS);
    for (const [model, share] of right.entries()) {
      const wrong = (label: string, among: readonly string[]) => pick(among.filter((other) => other !== label));
      const say = (label: string, among: readonly string[]) => (next() < share ? label : wrong(label, among));
      const prediction =
        typeof reference === 'string' ? say(reference, LABELS) : reference.map((label) => say(label, TAGS));
      models[model]?.push({ prediction, reference });
    }
  }
  return models;
}

const pack = (models: readonly Said[][]): Answers[] => models.map(packAnswers);

async function compare(metric: Metric, models: readonly (Answers | undefined)[], name = 'data') {
  const scores = await openPairedScores({ metric, datasets: [{ name, models }] });
  const between = async (left: number, right: number) => {
    const difference = await scores.difference({ left, right, datasets: [name] });
    if (difference === undefined) throw new Error('no difference');
    return difference;
  };
  return { between, scores };
}

const METRICS = [accuracy, macroF1, microF1, matthews] as const;
const CASES = [
  ...METRICS.map((metric) => [metric, false] as const),
  [spanF1, true] as const,
  [accuracy, true] as const,
  [exactMatch, true] as const,
];

test('answers are the same after packing', () => {
  for (const words of [false, true]) {
    const [said = []] = simulate({ seed: 'pack', examples: 40, right: [0.5], words });
    expect(unpackAnswers(JSON.parse(JSON.stringify(packAnswers(said))) as Answers)).toEqual({
      predictions: said.map(({ prediction }) => prediction),
      references: said.map(({ reference }) => reference),
    });
  }
});

describe.each(CASES.map(([metric, words]) => ({ metric, words })))(
  '$metric.name, words: $words',
  ({ metric, words }) => {
    test('is the same to the last bit from the totals of its examples', () => {
      for (let round = 0; round < 30; round++) {
        const [said = []] = simulate({ seed: `${metric.name} ${round}`, examples: round * 3, right: [0.6], words });
        const sums = new Map<string, number[]>();
        for (const { prediction, reference } of said) {
          for (const [group, added] of metric.totals?.of(prediction, reference) ?? []) {
            const sum = sums.get(group) ?? added.map(() => 0);
            sums.set(
              group,
              added.map((value, at) => value + (sum[at] ?? 0)),
            );
          }
        }
        // A group that is not there and one of zeros are the same.
        if (sums.size > 0)
          sums.set(
            'never',
            [...(sums.values().next().value ?? [])].map(() => 0),
          );
        const score = metric.score(
          said.map(({ prediction }) => prediction),
          said.map(({ reference }) => reference),
        );
        expect(metric.totals?.score(sums)).toBe(score);
      }
    });

    test('a difference is that of the scores, lies in its interval, and turns its sign with its sides', async () => {
      const models = simulate({ seed: metric.name, examples: 150, right: [0.8, 0.7], words });
      const { between } = await compare(metric, pack(models));
      const forth = await between(0, 1);
      const back = await between(1, 0);
      const score = (said: Said[] = []) =>
        metric.score(
          said.map(({ prediction }) => prediction),
          said.map(({ reference }) => reference),
        );
      expect(forth.value).toBeCloseTo(score(models[0]) - score(models[1]), 14);
      expect(forth.low).toBeLessThanOrEqual(forth.value);
      expect(forth.high).toBeGreaterThanOrEqual(forth.value);
      expect(back).toEqual({ value: -forth.value, low: -forth.high, high: -forth.low, p: forth.p });
    });

    test('a model is not better than itself', async () => {
      const [said = []] = simulate({ seed: metric.name, examples: 60, right: [0.7], words });
      const { between } = await compare(metric, pack([said, said]));
      expect(await between(0, 1)).toEqual({ value: 0, low: 0, high: 0, p: 1 });
      expect(isBetter(await between(0, 1))).toBe(false);
    });

    test('is the same in every run, whatever else is compared', async () => {
      const models = pack(simulate({ seed: metric.name, examples: 80, right: [0.8, 0.7, 0.6], words }));
      const first = await (await compare(metric, models)).between(0, 1);
      expect(await (await compare(metric, models.slice(0, 2))).between(0, 1)).toEqual(first);
    });

    test('what is plainly better is better, and its rival is not', async () => {
      const models = pack(simulate({ seed: metric.name, examples: 300, right: [0.95, 0.6], words }));
      const { between } = await compare(metric, models);
      expect([isBetter(await between(0, 1)), isBetter(await between(1, 0))]).toEqual([true, false]);
    });

    test('without totals it gives the same kind of interval', async () => {
      const models = pack(simulate({ seed: metric.name, examples: 60, right: [0.8, 0.6], words }));
      const { totals: _, ...plain } = metric;
      const fast = await (await compare(metric, models)).between(0, 1);
      const slow = await (await compare(plain, models)).between(0, 1);
      expect(slow.value).toBeCloseTo(fast.value, 14);
      for (const end of ['low', 'high'] as const) expect(Math.abs(slow[end] - fast[end])).toBeLessThan(0.05);
      expect(Math.abs(slow.p - fast.p)).toBeLessThan(0.05);
    });
  },
);

test('models that call the labels differently are compared as if they did not', async () => {
  const [ours = [], theirs = []] = simulate({ seed: 'words', examples: 120, right: [0.8, 0.6] });
  const renamed = theirs.map(({ prediction, reference }) => ({
    prediction: `LABEL_${LABELS.indexOf(String(prediction))}`,
    reference: `LABEL_${LABELS.indexOf(String(reference))}`,
  }));
  for (const metric of METRICS) {
    const same = await (await compare(metric, pack([ours, theirs]))).between(0, 1);
    expect(await (await compare(metric, pack([ours, renamed]))).between(0, 1)).toEqual(same);
  }
});

test('a mean over datasets weighs each dataset the same, and needs all of them', async () => {
  const small = pack(simulate({ seed: 'small', examples: 20, right: [0.9, 0.5] }));
  const large = pack(simulate({ seed: 'large', examples: 200, right: [0.6, 0.7] }));
  const scores = await openPairedScores({
    metric: accuracy,
    datasets: [
      { name: 'small', models: [...small, undefined] },
      { name: 'large', models: [...large, large[0]] },
    ],
  });
  const of = async (datasets: string[], right = 1) => await scores.difference({ left: 0, right, datasets });
  const value = async (datasets: string[]) => (await of(datasets))?.value ?? Number.NaN;
  const apart = ((await value(['small'])) + (await value(['large']))) / 2;
  expect(await value(['small', 'large'])).toBeCloseTo(apart, 14);
  expect((await of(['large'], 2))?.value).toBe(0);
  expect(await of(['small', 'large'], 2)).toBeUndefined();
  expect(await of(['absent'])).toBeUndefined();
});

test('a handful of examples that differ all the same way is not better by chance alone', async () => {
  /** So many examples on which only the left one is right, among a hundred. */
  const ahead = async (wins: number) => {
    const said = (rights: number): Said[] =>
      Array.from({ length: 100 }, (_, example) => ({ prediction: example < rights ? 'a' : 'b', reference: 'a' }));
    return await (await compare(accuracy, pack([said(50 + wins), said(50)]))).between(0, 1);
  };
  // Exact: 2 * 0.5 ** 5 is 0.0625, 2 * 0.5 ** 6 is 0.03125.
  const [five, six] = [await ahead(5), await ahead(6)];
  expect(five.p).toBeCloseTo(0.0625, 2);
  expect([five.low, isBetter(five)]).toEqual([0, false]);
  expect(six.p).toBeCloseTo(0.03125, 2);
  expect(isBetter(six)).toBe(true);
});

test('the scoring of resamples stops where it is told to', async () => {
  const models = pack(simulate({ seed: 'stop', examples: 2000, right: [0.8, 0.7] }));
  const signal = AbortSignal.abort(new Error('stopped'));
  await expect(openPairedScores({ metric: accuracy, datasets: [{ name: 'data', models }], signal })).rejects.toThrow(
    'stopped',
  );
});

describe('over many samples of a known difference', () => {
  const TRIALS = 200;
  /** What the scores come to over very many examples. */
  const population = (metric: Metric, right: readonly number[], words: boolean): number => {
    const [first = 0, second = 0] = simulate({ seed: 'population', examples: 100_000, right, words }).map((said) =>
      metric.score(
        said.map(({ prediction }) => prediction),
        said.map(({ reference }) => reference),
      ),
    );
    return first - second;
  };
  const trials = async (options: { metric: Metric; right: readonly number[]; examples: number; words?: boolean }) => {
    const { metric, right, examples, words = false } = options;
    const truth = right[0] === right[1] ? 0 : population(metric, right, words);
    let covered = 0;
    let better = 0;
    for (let trial = 0; trial < TRIALS; trial++) {
      const name = `${metric.name} ${trial}`;
      const models = pack(simulate({ seed: name, examples, right, words }));
      const scores = await openPairedScores({ metric, datasets: [{ name, models }], resamples: 999 });
      const difference = await scores.difference({ left: 0, right: 1, datasets: [name] });
      if (difference === undefined) throw new Error('no difference');
      if (difference.low <= truth && truth <= difference.high) covered++;
      if (isBetter(difference)) better++;
    }
    return { covered: covered / TRIALS, better: better / TRIALS };
  };

  // Two hundred trials of 95 % scatter by 1.5 points.
  test.each([
    { metric: accuracy, right: [0.853, 0.752], examples: 100 },
    { metric: macroF1, right: [0.85, 0.75], examples: 80 },
    { metric: spanF1, right: [0.9, 0.85], examples: 60, words: true },
  ])(
    '$metric.name of $examples examples: 95 % of the intervals hold it',
    async (options) => {
      expect((await trials(options)).covered).toBeGreaterThan(0.905);
    },
    300_000,
  );

  test.each([
    { metric: accuracy, right: [0.8, 0.8], examples: 40 },
    { metric: accuracy, right: [0.98, 0.98], examples: 60 },
    { metric: macroF1, right: [0.8, 0.8], examples: 40 },
    { metric: spanF1, right: [0.9, 0.9], examples: 40, words: true },
  ])(
    '$metric.name of $examples examples: of equals one is called better once in forty times',
    async (options) => {
      const { better, covered } = await trials(options);
      expect(better).toBeLessThan(0.055);
      expect(covered).toBeGreaterThan(0.905);
    },
    300_000,
  );
});
