import { defineMetric } from '@hubfuse/plugin';
import { countByLabel, countsOf, f1, type LabelCount, labelPairs, labelTotals } from '../confusion.ts';

/**
 * Plain mean of the F1 of every label that is predicted or true at least once, as scikit-learn's
 * `f1_score(average='macro')` with `zero_division=0`.
 */
export default defineMetric({
  name: 'macro_f1',
  tasks: ['text-classification'],
  monotone: true,
  score(predictions, references) {
    return meanF1([...countByLabel(labelPairs(predictions, references))]);
  },
  totals: { of: labelTotals, score: (totals) => meanF1(countsOf(totals)) },
});

function meanF1(counts: [label: string, count: LabelCount][]): number {
  // Summed in order of the labels, not of their appearance: so that better answers cannot lower the last bit either.
  counts.sort(([a], [b]) => (a < b ? -1 : 1));
  return counts.reduce((sum, [, count]) => sum + f1(count), 0) / Math.max(1, counts.length);
}
