import type { Metric, Prediction } from '@hubfuse/plugin';
import { type Answers, unpackAnswers } from './answers.ts';

/** Scores of a metric without totals: computed from the answers each time. */
export interface RescoredAnswers {
  /** Whether each model answered. */
  models: readonly boolean[];
  has(model: number): boolean;
  score(model: number): number;
  /** The score where each example counts as often as its weight says. */
  weighted(model: number, weights: Uint32Array): number;
  /** Differences of the two scores after the answers to each example were swapped, or not, at random. */
  swapped(options: { left: number; right: number; words: () => number; times: number }): Float64Array;
}

/** @param models What each model said; all on the same examples. */
export function rescoredAnswers(metric: Metric, models: readonly (Answers | undefined)[]): RescoredAnswers {
  const unpacked = models.map((answers) => answers && unpackAnswers(answers));
  const of = (model: number): Said => unpacked[model] ?? { predictions: [], references: [] };
  const score = ({ predictions, references }: Said) => metric.score(predictions, references);
  return {
    models: models.map((model) => model !== undefined),
    has: (model) => unpacked[model] !== undefined,
    score: (model) => score(of(model)),
    weighted(model, weights) {
      const { predictions, references } = of(model);
      const drawn: number[] = [];
      for (const [example, weight] of weights.entries()) for (let n = 0; n < weight; n++) drawn.push(example);
      return score({
        predictions: drawn.map((example) => predictions[example] ?? ''),
        references: drawn.map((example) => references[example] ?? ''),
      });
    },
    swapped({ left, right, words, times }) {
      const [ours, theirs] = [of(left), of(right)];
      return Float64Array.from({ length: times }, () => {
        const swap = ours.references.map(() => words() >>> 31 === 1);
        // An answer goes with what should have been said: the models may call it differently.
        const mix = (a: Said, b: Said): Said => ({
          predictions: swap.map((swapped, example) => (swapped ? b : a).predictions[example] ?? ''),
          references: swap.map((swapped, example) => (swapped ? b : a).references[example] ?? ''),
        });
        return score(mix(ours, theirs)) - score(mix(theirs, ours));
      });
    },
  };
}

interface Said {
  predictions: readonly Prediction[];
  references: readonly Prediction[];
}
