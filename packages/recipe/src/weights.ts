/**
 * Whether a sum of weights is zero but for rounding (0.1 + 0.2 - 0.3): dividing by it would blow rounding up to the
 * size of the weights.
 */
export function cancels(weights: readonly number[]): boolean {
  let sum = 0;
  let size = 0;
  for (const weight of weights) {
    sum += weight;
    size += Math.abs(weight);
  }
  return Math.abs(sum) <= 1e-8 * size;
}
