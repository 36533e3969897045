import { type Block, defineSweep, type Sweep } from '@hubfuse/plugin';

/**
 * A sweep that adds up numbers per row in float64: within a run in order of its blocks, across runs in their order.
 * Result: the sums.
 */
export function floatSums(options: {
  name: string;
  count: number;
  /** Adds the block's share to `sums`. */
  add(block: Block, sums: Float64Array, previous: readonly unknown[]): void;
}): Sweep {
  return defineSweep<{ previous: readonly unknown[] }, Float64Array, Float64Array, number[]>({
    name: options.name,
    start: (previous) => ({ previous }),
    open: (_, memory) => memory.float64(options.count),
    map: (block, state, sums) => options.add(block, sums, state.previous),
    close: (sums) => sums.slice(),
    reduce: (left, right) => left.map((value, i) => value + (right[i] as number)),
    finish: (total) => ({ result: [...total] }),
  });
}
