import { defineMetric } from '@hubfuse/plugin';
import { countByLabel, countsOf, type LabelCount, labelPairs, labelTotals } from '../confusion.ts';

/**
 * Matthews correlation coefficient for any number of labels, as scikit-learn's `matthews_corrcoef`; 0 where
 * predictions or references all agree on one label. Gorodkin, Comparing two K-category assignments, 2004, eq. 8.
 */
export default defineMetric({
  name: 'matthews',
  tasks: ['text-classification'],
  score(predictions, references) {
    return correlation([...countByLabel(labelPairs(predictions, references)).values()]);
  },
  totals: { of: labelTotals, score: (totals) => correlation(countsOf(totals).map(([, count]) => count)) },
});

/** All sums are of integers, so their order does not matter. */
function correlation(counts: readonly LabelCount[]): number {
  let samples = 0;
  let hits = 0;
  let products = 0;
  let predictedSquares = 0;
  let actualSquares = 0;
  for (const { hit, predicted, actual } of counts) {
    samples += actual;
    hits += hit;
    products += predicted * actual;
    predictedSquares += predicted * predicted;
    actualSquares += actual * actual;
  }
  const spread = (samples * samples - predictedSquares) * (samples * samples - actualSquares);
  return spread === 0 ? 0 : (hits * samples - products) / Math.sqrt(spread);
}
