import { defineMetric } from '@hubfuse/plugin';
import { ALL_LABELS, countByLabel, f1, type LabelCount, labelPairs } from '../confusion.ts';

/** F1 of the counts summed over all labels, as scikit-learn's `f1_score(average='micro')`. */
export default defineMetric({
  name: 'micro_f1',
  tasks: ['text-classification'],
  monotone: true,
  score: (predictions, references) => f1(sum(labelPairs(predictions, references))),
  totals: {
    of(prediction, reference) {
      const { hit, predicted, actual } = sum(labelPairs([prediction], [reference]));
      return new Map([[ALL_LABELS, [hit, predicted, actual]]]);
    },
    score(totals) {
      const [hit = 0, predicted = 0, actual = 0] = totals.get(ALL_LABELS) ?? [];
      return f1({ hit, predicted, actual });
    },
  },
});

function sum(pairs: readonly (readonly [string, string])[]): LabelCount {
  const total = { hit: 0, predicted: 0, actual: 0 };
  for (const count of countByLabel(pairs).values()) {
    total.hit += count.hit;
    total.predicted += count.predicted;
    total.actual += count.actual;
  }
  return total;
}
