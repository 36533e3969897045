import { defineMetric, type Prediction } from '@hubfuse/plugin';
import { ALL_LABELS } from '../confusion.ts';

/** Share of the examples whose whole answer is right: the label, or the labels of all words. */
export default defineMetric({
  name: 'exact_match',
  tasks: ['text-classification', 'token-classification'],
  monotone: true,
  score(predictions, references) {
    const right = references.filter((reference, index) => isSame(predictions[index], reference)).length;
    return right / Math.max(1, references.length);
  },
  totals: {
    of: (prediction, reference) => new Map([[ALL_LABELS, [isSame(prediction, reference) ? 1 : 0, 1]]]),
    score(totals) {
      const [right = 0, all = 0] = totals.get(ALL_LABELS) ?? [];
      return right / Math.max(1, all);
    },
  },
});

function isSame(prediction: Prediction | undefined, reference: Prediction): boolean {
  if (prediction === undefined || typeof prediction === 'string' || typeof reference === 'string') {
    return prediction === reference;
  }
  return prediction.length === reference.length && reference.every((label, word) => prediction[word] === label);
}
