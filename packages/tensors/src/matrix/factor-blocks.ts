import { FACTOR_BLOCK } from '@hubfuse/plugin';

/** One block of columns of a factor L, from its diagonal down. */
export interface FactorBlock {
  /** First column, and first row. */
  from: number;
  /** Columns. */
  width: number;
  /** The square block on the diagonal, width x width. */
  diagonal: Float64Array;
  /** What lies below it: rows x width. */
  below: Float64Array;
  /** Diagonal and below in one. */
  whole: Float64Array;
  /** L^-1 of the diagonal block. */
  inverse: Float64Array;
}

/**
 * The blocks of a factor, first to last. Each lies in one piece, so that a product takes it as it is; the inverses follow
 * behind all blocks.
 */
export function factorBlocks(factor: Float64Array, size: number): FactorBlock[] {
  const blocks: FactorBlock[] = [];
  let at = 0;
  const take = (length: number): Float64Array => {
    const taken = factor.subarray(at, at + length);
    at += length;
    return taken;
  };
  for (let from = 0; from < size; from += FACTOR_BLOCK) {
    const width = Math.min(FACTOR_BLOCK, size - from);
    const whole = take((size - from) * width);
    const below = whole.subarray(width * width);
    blocks.push({ from, width, whole, diagonal: whole.subarray(0, width * width), below, inverse: whole });
  }
  for (const block of blocks) block.inverse = take(block.width * block.width);
  return blocks;
}
