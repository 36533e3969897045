/** What a run costs beside its tokens, as tokens: its outputs are added up, and large ones have to be. */
const RUN_TOKENS = 256;

/**
 * Puts the examples into runs so that padding and the number of runs cost least together, those of like length beside each
 * other, the longest first. The composition depends on the lengths and `runTokens` alone.
 * @param lengths tokens of each example
 * @param runTokens most tokens of a run, padding included; a longer example stands alone
 * @returns the examples of each run
 */
export function composeRuns(lengths: ArrayLike<number>, runTokens: number): number[][] {
  const order = Array.from({ length: lengths.length }, (_, index) => index);
  order.sort((a, b) => (lengths[b] ?? 0) - (lengths[a] ?? 0) || a - b);
  const count = order.length;
  // By number of examples, from the last: the least cost of all runs from there on, and where the next run begins.
  const least = new Float64Array(count + 1);
  const next = new Int32Array(count + 1);
  for (let first = count - 1; first >= 0; first--) {
    const length = lengths[order[first] ?? 0] ?? 0;
    least[first] = Number.POSITIVE_INFINITY;
    for (let end = first + 1; end <= count; end++) {
      const tokens = (end - first) * length;
      if (tokens > runTokens && end > first + 1) break;
      const cost = tokens + RUN_TOKENS + (least[end] ?? 0);
      if (cost > (least[first] ?? 0)) continue;
      least[first] = cost;
      next[first] = end;
    }
  }
  const runs: number[][] = [];
  for (let first = 0; first < count; first = next[first] ?? count) runs.push(order.slice(first, next[first]));
  return runs;
}
