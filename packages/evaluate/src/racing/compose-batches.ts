import { planBatches } from '../batches.ts';
import type { RaceBatch } from './race-types.ts';

/** One dataset as the composition sees it. */
export interface RacedDataset {
  /** Tokens of each example. */
  lengths: ArrayLike<number>;
  /** What each example is expected to cost the score. */
  costs: ArrayLike<number>;
}

/**
 * Examples of like cost are batched by length within a window of so many full batches: alone by cost they would be padded,
 * alone by length the dear ones would be spread over all batches.
 */
const WINDOW_BATCHES = 4;

/**
 * Composes the batches of a race. Within a dataset the examples that are expected to cost the score most stand together, and
 * batches come in the order of their mean cost. An exact rejection has to see the score sink to the bar, which takes nearly all
 * errors of a candidate that is near it: what is likely to hold one comes first, what all answer well comes last.
 */
export function composeBatches(datasets: readonly RacedDataset[], batchTokens: number): RaceBatch[] {
  const ranked: { batch: RaceBatch; cost: number }[] = [];
  for (const [dataset, raced] of datasets.entries()) {
    for (const examples of windowed(raced, batchTokens)) {
      const total = examples.reduce((sum, index) => sum + (raced.costs[index] ?? 0), 0);
      ranked.push({ batch: { dataset, examples }, cost: total / examples.length });
    }
  }
  ranked.sort((a, b) => b.cost - a.cost || order(a.batch, b.batch));
  return ranked.map(({ batch }) => batch);
}

function order(a: RaceBatch, b: RaceBatch): number {
  return a.dataset - b.dataset || (a.examples[0] ?? 0) - (b.examples[0] ?? 0);
}

/** The examples of a dataset in batches, dearest window first. */
function windowed({ lengths, costs }: RacedDataset, batchTokens: number): number[][] {
  const indices = Array.from({ length: lengths.length }, (_, index) => index);
  indices.sort((a, b) => (costs[b] ?? 0) - (costs[a] ?? 0) || a - b);
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
