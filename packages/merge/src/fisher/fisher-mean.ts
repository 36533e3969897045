import type { Block } from '@hubfuse/plugin';

/**
 * The mean of a block's models weighted element by element: sum of c (F + smoothing) x over sum of c (F + smoothing), in
 * float64 and rounded once.
 * @param options.coefficients c of each model, not all 0.
 * @param options.smoothing More than 0, so that every weight is.
 */
export function fisherMean(
  { models, statistics, out, length }: Pick<Block, 'models' | 'statistics' | 'out' | 'length'>,
  { coefficients, smoothing }: { coefficients: readonly number[]; smoothing: number },
): void {
  const sums = new Float64Array(length);
  const weights = new Float64Array(length);
  for (const [i, coefficient] of coefficients.entries()) {
    const values = models[i] as Float32Array;
    const information = statistics[i] as Float32Array;
    for (let k = 0; k < length; k++) {
      const weight = coefficient * ((information[k] as number) + smoothing);
      sums[k] = (sums[k] as number) + weight * (values[k] as number);
      weights[k] = (weights[k] as number) + weight;
    }
  }
  for (let k = 0; k < length; k++) out[k] = (sums[k] as number) / (weights[k] as number);
}
