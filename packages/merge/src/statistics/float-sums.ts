import { type Block, defineSweep, type Group, type Sweep } from '@hubfuse/plugin';

interface State {
  previous: readonly unknown[];
  wanted: boolean;
}

/**
 * A sweep that adds up numbers per row in float64: within a run in order of its blocks, across runs in their order.
 * Result: the sums.
 */
export function floatSums(options: {
  name: string;
  count: number;
  /** Whether a group's numbers are wanted; where not, its result is empty. Default: always. */
  wanted?(group: Group): boolean;
  /** Adds the block's share to `sums`. */
  add(block: Block, sums: Float64Array, previous: readonly unknown[]): void;
}): Sweep {
  return defineSweep<State, Float64Array, Float64Array | undefined, number[]>({
    name: options.name,
    start: (previous, group) => ({ previous, wanted: options.wanted?.(group) ?? true }),
    isIdle: ({ wanted }) => !wanted,
    open: (_, memory) => memory.float64(options.count),
    map: (block, state, sums) => options.add(block, sums, state.previous),
    close: (sums) => sums.slice(),
    reduce: (left, right) => left?.map((value, i) => value + (right?.[i] ?? 0)),
    finish: (total = new Float64Array(0)) => ({ result: [...total] }),
  });
}
