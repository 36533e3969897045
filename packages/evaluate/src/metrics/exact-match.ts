import { defineMetric, type Prediction } from '@hubfuse/plugin';

/** Share of the examples whose whole answer is right: the label, or the labels of all words. */
export default defineMetric({
  name: 'exact_match',
  tasks: ['text-classification', 'token-classification'],
  monotone: true,
  score(predictions, references) {
    const right = references.filter((reference, index) => isSame(predictions[index], reference)).length;
    return right / Math.max(1, references.length);
  },
});

function isSame(prediction: Prediction | undefined, reference: Prediction): boolean {
  if (prediction === undefined || typeof prediction === 'string' || typeof reference === 'string') {
    return prediction === reference;
  }
  return prediction.length === reference.length && reference.every((label, word) => prediction[word] === label);
}
