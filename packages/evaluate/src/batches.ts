/** Indices of the examples that one run of a model answers, with the length that they are padded to. */
export interface Batch {
  indices: readonly number[];
  /** Tokens of the longest example. */
  length: number;
}

/** Largest share of a batch that may be padding. */
const PADDING_SHARE = 1 / 8;

/**
 * Groups examples of like length. The composition depends on the lengths and `batchTokens` alone, never on who
 * computes: the rows of a matrix product may round differently in a batch of another size.
 * @param lengths Tokens of each example.
 * @param batchTokens Most tokens of a batch, padding included; a longer example stands alone.
 */
export function planBatches(lengths: ArrayLike<number>, batchTokens: number): Batch[] {
  const order = Array.from({ length: lengths.length }, (_, index) => index);
  order.sort((a, b) => (lengths[b] ?? 0) - (lengths[a] ?? 0) || a - b);
  const batches: Batch[] = [];
  let open: { indices: number[]; length: number; tokens: number } | undefined;
  for (const index of order) {
    const tokens = lengths[index] ?? 0;
    if (open !== undefined) {
      const size = (open.indices.length + 1) * open.length;
      if (size <= batchTokens && size - open.tokens - tokens <= size * PADDING_SHARE) {
        open.indices.push(index);
        open.tokens += tokens;
        continue;
      }
    }
    open = { indices: [index], length: tokens, tokens };
    batches.push(open);
  }
  return batches.map(({ indices, length }) => ({ indices, length }));
}
