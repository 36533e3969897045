import { type Block, type CollectedKeys, defineSweep, type Sweep } from '@hubfuse/plugin';

/** Order keys of minus zero and zero: below them lie the negative values. */
const ZERO_KEYS = { low: 0x7fffffff, high: 0x80000000, absolute: false } as const;

interface Counts extends CollectedKeys {
  elements: number;
}

/**
 * A sweep that finds the sign that most values of a row have: 1, -1, or 0 where as many are positive as negative.
 * `fill` writes the block's values into `out`.
 */
export function signMajority(options: {
  name: string;
  fill(block: Block, out: Float32Array, previous: readonly unknown[]): void;
}): Sweep {
  return defineSweep<{ previous: readonly unknown[] }, Counts, number, 1 | 0 | -1>({
    name: options.name,
    start: (previous) => ({ previous }),
    // Of the keys only the counts are wanted; the kernel stores none beyond the array's length.
    open: (_, memory) => ({ keys: memory.uint32(0), counts: memory.uint32(2), elements: 0 }),
    map(block, state, counts) {
      const row = block.scratch();
      options.fill(block, row, state.previous);
      block.kernels.collect(row, counts, ZERO_KEYS);
      counts.elements += block.length;
    },
    close: ({ counts: [negative = 0, zero = 0], elements }) => elements - zero - 2 * negative,
    reduce: (left, right) => left + right,
    finish: (total) => ({ result: Math.sign(total) as 1 | 0 | -1 }),
  });
}
