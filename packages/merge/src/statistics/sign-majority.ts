import { type Block, defineSweep, type Sweep } from '@hubfuse/plugin';

/** How often each sign occurs. */
export interface SignCounts {
  negative: number;
  zero: number;
}

/**
 * A sweep that finds the sign that most values of a row have: 1, -1, or 0 where as many are positive as negative.
 * `count` counts the signs of a block's values.
 */
export function signMajority(options: {
  name: string;
  count(block: Block, previous: readonly unknown[]): SignCounts;
}): Sweep {
  return defineSweep<{ previous: readonly unknown[] }, { excess: number }, number, 1 | 0 | -1>({
    name: options.name,
    start: (previous) => ({ previous }),
    open: () => ({ excess: 0 }),
    map(block, state, accumulator) {
      const { negative, zero } = options.count(block, state.previous);
      accumulator.excess += block.length - zero - 2 * negative;
    },
    close: ({ excess }) => excess,
    reduce: (left, right) => left + right,
    exact: true,
    finish: (total) => ({ result: Math.sign(total) as 1 | 0 | -1 }),
  });
}
