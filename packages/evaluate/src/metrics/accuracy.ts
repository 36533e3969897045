import { defineMetric, type MetricTotals } from '@hubfuse/plugin';
import { ALL_LABELS, labelPairs } from '../confusion.ts';

/** The share of right labels as a function of their number and that of all labels. */
export const labelShare: MetricTotals = {
  of(prediction, reference) {
    const pairs = labelPairs([prediction], [reference]);
    return new Map([[ALL_LABELS, [pairs.filter(([said, right]) => said === right).length, pairs.length]]]);
  },
  score(totals) {
    const [right = 0, all = 0] = totals.get(ALL_LABELS) ?? [];
    return right / Math.max(1, all);
  },
};

/** Share of labels that are right: of examples, or of words for a task that labels words. */
export default defineMetric({
  name: 'accuracy',
  tasks: ['text-classification', 'token-classification'],
  monotone: true,
  score(predictions, references) {
    const pairs = labelPairs(predictions, references);
    return pairs.filter(([prediction, reference]) => prediction === reference).length / Math.max(1, pairs.length);
  },
  totals: labelShare,
});
