import { setImmediate as breathe } from 'node:timers/promises';
import type { Metric } from '@hubfuse/plugin';
import { randomWords } from '../random-words.ts';
import type { Answers } from './answers.ts';
import { type Contributions, contributionsOf, KindTotals } from './contributions.ts';
import { type Difference, differenceOf, randomisationP } from './difference.ts';
import { type RescoredAnswers, rescoredAnswers } from './rescored-answers.ts';

/** One dataset and what each model said on it, in the same order of models for every dataset. */
export interface PairedDataset {
  name: string;
  /** Undefined for a model that did not answer the dataset. All others answered the same examples. */
  models: readonly (Answers | undefined)[];
}

/** Differences between models that were scored on the same examples. */
export interface PairedScores {
  /**
   * The difference of two models' plain means over datasets, with its interval; undefined where one of them did not
   * answer all of these.
   * @param left Position of a model.
   * @param right Position of a model.
   */
  difference(pair: { left: number; right: number; datasets: readonly string[] }): Promise<Difference | undefined>;
}

/** Resamples of the examples. */
const RESAMPLES = 10_000;
/** Fewer for very many examples, whose intervals need fewer: draws of one dataset, and the least of resamples. */
const MAX_DRAWS = 200_000_000;
const FEWEST_RESAMPLES = 1000;
/** For a metric without totals, which has to be computed from the answers each time. */
const RESAMPLES_WITHOUT_TOTALS = 1000;
/** The event loop gets its turn after this many draws: leases and progress depend on it. */
const DRAWS_AT_ONCE = 2_000_000;

/**
 * Resamples the examples of each dataset and scores every model on each resample.
 *
 * Paired bootstrap, stratified by dataset: from the n examples of a dataset n are drawn with replacement, the same ones for
 * all models, and all models are scored on them as a whole (Efron and Tibshirani, An Introduction to the Bootstrap, 1993,
 * ch. 13; of sentences for span F1). Resamples are drawn by a fixed generator from the dataset's name and size, so that
 * they are the same in every run. Since few differing answers make bootstrap intervals too short, an interval also contains
 * zero where a paired randomisation test (Yeh, More accurate tests for the statistical significance of result differences,
 * 2000) does not reject it: it swaps the two models' answers to each example at random, which is exact for any number
 * of examples.
 */
export async function openPairedScores(options: {
  metric: Metric;
  datasets: readonly PairedDataset[];
  /** Default: 10,000; fewer for more than 20,000 examples, and 1000 for a metric without totals. */
  resamples?: number | undefined;
  signal?: AbortSignal | undefined;
}): Promise<PairedScores> {
  const { metric, datasets, signal } = options;
  const size = (dataset: PairedDataset) => dataset.models.find((model) => model !== undefined)?.references.length ?? 0;
  const most = Math.max(1, ...datasets.map(size));
  const usual =
    metric.totals === undefined
      ? RESAMPLES_WITHOUT_TOTALS
      : Math.max(FEWEST_RESAMPLES, Math.min(RESAMPLES, Math.floor(MAX_DRAWS / most)));
  const resamples = options.resamples ?? usual;
  const sampled = new Map<string, SampledDataset>();
  for (const dataset of datasets) {
    const answers: RescoredAnswers | CountedAnswers =
      metric.totals === undefined
        ? rescoredAnswers(metric, dataset.models)
        : new CountedAnswers(metric.totals, dataset.models);
    const count = size(dataset);
    sampled.set(dataset.name, {
      answers,
      name: dataset.name,
      count,
      scores: await resample({ answers, name: dataset.name, count, resamples, signal }),
    });
  }
  return {
    async difference({ left, right, datasets: names }) {
      const chosen = names.flatMap((name) => sampled.get(name) ?? []);
      const known = chosen.every(({ answers }) => answers.has(left) && answers.has(right));
      if (chosen.length === 0 || chosen.length < names.length || !known) return undefined;
      const mean = (of: (dataset: SampledDataset) => number) =>
        chosen.reduce((sum, dataset) => sum + of(dataset), 0) / chosen.length;
      const value = mean(({ answers }) => answers.score(left) - answers.score(right));
      const resampled = Float64Array.from({ length: resamples }, (_, nth) =>
        mean(({ scores }) => (scores[left]?.[nth] ?? 0) - (scores[right]?.[nth] ?? 0)),
      );
      const swapped: Float64Array[] = [];
      for (const { answers, name, count } of chosen) {
        swapped.push(answers.swapped({ left, right, words: randomWords(`swap ${count} ${name}`), times: resamples }));
        await breathe();
        signal?.throwIfAborted();
      }
      const random = Float64Array.from({ length: resamples }, (_, nth) => {
        return swapped.reduce((sum, differences) => sum + (differences[nth] ?? 0), 0) / chosen.length;
      });
      const examples = Math.min(...chosen.map(({ count }) => count));
      return differenceOf({ value, resampled, p: randomisationP(value, random), examples });
    },
  };
}

interface SampledDataset {
  answers: RescoredAnswers | CountedAnswers;
  name: string;
  /** Examples. */
  count: number;
  /** Of each model its score on each resample. */
  scores: readonly Float64Array[];
}

async function resample(options: {
  answers: RescoredAnswers | CountedAnswers;
  name: string;
  count: number;
  resamples: number;
  signal: AbortSignal | undefined;
}): Promise<Float64Array[]> {
  const { answers, name, count, resamples, signal } = options;
  const words = randomWords(`resample ${count} ${name}`);
  const scores = answers.models.map((known) => new Float64Array(known ? resamples : 0));
  const weights = new Uint32Array(count);
  let draws = 0;
  for (let nth = 0; nth < resamples; nth++) {
    weights.fill(0);
    for (let draw = 0; draw < count; draw++) {
      const example = Math.floor((words() / 2 ** 32) * count);
      weights[example] = (weights[example] ?? 0) + 1;
    }
    for (const [model, of] of scores.entries()) if (of.length > 0) of[nth] = answers.weighted(model, weights);
    draws += count * (1 + scores.length);
    if (draws < DRAWS_AT_ONCE) continue;
    draws = 0;
    await breathe();
    signal?.throwIfAborted();
  }
  return scores;
}

/** Scores of a metric that is a function of totals. */
class CountedAnswers {
  /** Whether each model answered. */
  readonly models: readonly boolean[];
  readonly #totals: NonNullable<Metric['totals']>;
  readonly #contributions: Contributions;
  readonly #sums: KindTotals;

  constructor(totals: NonNullable<Metric['totals']>, models: readonly (Answers | undefined)[]) {
    this.#totals = totals;
    this.#contributions = contributionsOf(totals, models);
    this.#sums = new KindTotals(this.#contributions.kinds);
    this.models = models.map((model) => model !== undefined);
  }

  has(model: number): boolean {
    return this.models[model] === true;
  }

  score(model: number): number {
    const { length } = this.#contributions.kindOf[model] ?? [];
    return this.weighted(model, new Uint32Array(length).fill(1));
  }

  /** The score where each example counts as often as its weight says. */
  weighted(model: number, weights: Uint32Array): number {
    const { kinds, kindOf } = this.#contributions;
    const counts = new Float64Array(kinds.length);
    const of = kindOf[model] ?? new Int32Array();
    for (let example = 0; example < of.length; example++) {
      const kind = of[example] ?? 0;
      counts[kind] = (counts[kind] ?? 0) + (weights[example] ?? 0);
    }
    return this.#scoreOf(counts);
  }

  #scoreOf(counts: Float64Array): number {
    return this.#totals.score(this.#sums.sum(counts));
  }

  /** Differences of the two scores after the answers to each example were swapped, or not, at random. */
  swapped(options: { left: number; right: number; words: () => number; times: number }): Float64Array {
    const { left, right, words, times } = options;
    const { kinds, kindOf } = this.#contributions;
    const [ours, theirs] = [kindOf[left] ?? new Int32Array(), kindOf[right] ?? new Int32Array()];
    const same = new Float64Array(kinds.length);
    /** How many examples have this kind on the left and that one on the right. */
    const pairs = new Map<number, number>();
    for (const [example, kind] of ours.entries()) {
      const other = theirs[example] ?? kind;
      if (other === kind) same[kind] = (same[kind] ?? 0) + 1;
      else pairs.set(kind * kinds.length + other, (pairs.get(kind * kinds.length + other) ?? 0) + 1);
    }
    return Float64Array.from({ length: times }, () => {
      const [first, second] = [same.slice(), same.slice()];
      for (const [pair, count] of pairs) {
        const swaps = coins(count, words);
        const [kind, other] = [Math.floor(pair / kinds.length), pair % kinds.length];
        first[kind] = (first[kind] ?? 0) + count - swaps;
        first[other] = (first[other] ?? 0) + swaps;
        second[other] = (second[other] ?? 0) + count - swaps;
        second[kind] = (second[kind] ?? 0) + swaps;
      }
      return this.#scoreOf(first) - this.#scoreOf(second);
    });
  }
}

/** How many of so many coins show heads. */
function coins(count: number, words: () => number): number {
  let heads = 0;
  for (let left = count; left > 0; left -= 32) heads += ones(left >= 32 ? words() : words() >>> (32 - left));
  return heads;
}

/** Ones among the bits of a word. */
function ones(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const nibbles = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((nibbles + (nibbles >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
