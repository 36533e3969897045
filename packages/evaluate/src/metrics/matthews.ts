import { defineMetric } from '@hubfuse/plugin';
import { countByLabel, labelPairs } from '../confusion.ts';

/**
 * Matthews correlation coefficient for any number of labels, as scikit-learn's `matthews_corrcoef`; 0 where
 * predictions or references all agree on one label. Gorodkin, Comparing two K-category assignments, 2004, eq. 8.
 */
export default defineMetric({
  name: 'matthews',
  tasks: ['text-classification'],
  score(predictions, references) {
    const pairs = labelPairs(predictions, references);
    const samples = pairs.length;
    let hits = 0;
    let products = 0;
    let predictedSquares = 0;
    let actualSquares = 0;
    for (const { hit, predicted, actual } of countByLabel(pairs).values()) {
      hits += hit;
      products += predicted * actual;
      predictedSquares += predicted * predicted;
      actualSquares += actual * actual;
    }
    const spread = (samples * samples - predictedSquares) * (samples * samples - actualSquares);
    return spread === 0 ? 0 : (hits * samples - products) / Math.sqrt(spread);
  },
});
