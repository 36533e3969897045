import type { Block } from '@hubfuse/plugin';
import { modelNumbers, storedRows } from './task-vectors.ts';

/** The mean of a block's models, weighted by their `weight`. */
export function weightedMean(block: Block): void {
  const weights = modelNumbers(block, 'weight');
  const sum = weights.reduce((total, weight) => total + weight, 0);
  block.kernels.weightedSum(
    block.out,
    storedRows(block).models,
    weights.map((weight) => weight / sum),
  );
}
