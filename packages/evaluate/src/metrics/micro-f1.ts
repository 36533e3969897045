import { defineMetric } from '@hubfuse/plugin';
import { countByLabel, f1, labelPairs } from '../confusion.ts';

/** F1 of the counts summed over all labels, as scikit-learn's `f1_score(average='micro')`. */
export default defineMetric({
  name: 'micro_f1',
  tasks: ['text-classification'],
  monotone: true,
  score(predictions, references) {
    const total = { hit: 0, predicted: 0, actual: 0 };
    for (const count of countByLabel(labelPairs(predictions, references)).values()) {
      total.hit += count.hit;
      total.predicted += count.predicted;
      total.actual += count.actual;
    }
    return f1(total);
  },
});
