import { defineMetric } from '@hubfuse/plugin';
import { labelPairs } from '../confusion.ts';

/** Share of labels that are right: of examples, or of words for a task that labels words. */
export default defineMetric({
  name: 'accuracy',
  tasks: ['text-classification', 'token-classification'],
  monotone: true,
  score(predictions, references) {
    const pairs = labelPairs(predictions, references);
    return pairs.filter(([prediction, reference]) => prediction === reference).length / Math.max(1, pairs.length);
  },
});
