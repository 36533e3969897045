import { planBatches } from '../batches.ts';
import type { RaceBatch } from './race-types.ts';

/** One dataset as the composition sees it. */
export interface RacedDataset {
  /** Tokens of each example. */
  lengths: ArrayLike<number>;
  /** For each example what it is expected to cost the mean of the datasets (`difficultyOf`). */
  difficulty: ArrayLike<number>;
}

/**
 * Examples of like difficulty are batched by length within a window of so many full batches: alone by difficulty they would
 * be padded, alone by length the hard ones would be spread over all batches.
 */
const WINDOW_BATCHES = 4;

/**
 * Composes the batches of a race. Within a dataset the most difficult examples stand together; batches come in the order of
 * their mean difficulty. An exact rejection needs as many errors as the bar has, so nearly all errors must have been seen:
 * what may hold one comes first whatever it costs, what all answer well comes last.
 */
export function composeBatches(datasets: readonly RacedDataset[], batchTokens: number): RaceBatch[] {
  const ranked: { batch: RaceBatch; difficulty: number }[] = [];
  for (const [dataset, raced] of datasets.entries()) {
    for (const examples of windowed(raced, batchTokens)) {
      const total = examples.reduce((sum, index) => sum + (raced.difficulty[index] ?? 0), 0);
      ranked.push({ batch: { dataset, examples }, difficulty: total / examples.length });
    }
  }
  ranked.sort((a, b) => b.difficulty - a.difficulty || order(a.batch, b.batch));
  return ranked.map(({ batch }) => batch);
}

function order(a: RaceBatch, b: RaceBatch): number {
  return a.dataset - b.dataset || (a.examples[0] ?? 0) - (b.examples[0] ?? 0);
}

/** The examples of a dataset in batches, most difficult window first. */
function windowed({ lengths, difficulty }: RacedDataset, batchTokens: number): number[][] {
  const indices = Array.from({ length: lengths.length }, (_, index) => index);
  indices.sort((a, b) => (difficulty[b] ?? 0) - (difficulty[a] ?? 0) || a - b);
  const batches: number[][] = [];
  let window: number[] = [];
  let tokens = 0;
  const close = (): void => {
    const taken = window;
    const planned = planBatches(
      taken.map((index) => lengths[index] ?? 0),
      batchTokens,
    );
    for (const batch of planned) batches.push(batch.indices.map((place) => taken[place] ?? 0));
    window = [];
    tokens = 0;
  };
  for (const index of indices) {
    window.push(index);
    tokens += lengths[index] ?? 0;
    if (tokens >= WINDOW_BATCHES * batchTokens) close();
  }
  close();
  return batches;
}
