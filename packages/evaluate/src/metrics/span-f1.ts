import { defineMetric, type Prediction } from '@hubfuse/plugin';
import { ALL_LABELS, f1, type LabelCount } from '../confusion.ts';
import { findSpans } from '../spans.ts';

/** F1 of labelled spans over a whole dataset, as seqeval's `f1_score` in its default mode: 0 where there is no hit. */
export default defineMetric({
  name: 'f1',
  tasks: ['token-classification'],
  monotone: true,
  score(predictions, references) {
    const total = { hit: 0, predicted: 0, actual: 0 };
    for (const [index, reference] of references.entries()) {
      const { hit, predicted, actual } = countSpans(predictions[index] ?? [], reference);
      total.hit += hit;
      total.predicted += predicted;
      total.actual += actual;
    }
    return f1(total);
  },
  totals: {
    of(prediction, reference) {
      const { hit, predicted, actual } = countSpans(prediction, reference);
      return new Map([[ALL_LABELS, [hit, predicted, actual]]]);
    },
    score(totals) {
      const [hit = 0, predicted = 0, actual = 0] = totals.get(ALL_LABELS) ?? [];
      return f1({ hit, predicted, actual });
    },
  },
});

/** Spans of one sentence. */
function countSpans(prediction: Prediction, reference: Prediction): LabelCount {
  const actual = new Set(findSpans(asTags(reference)).map(key));
  const predicted = new Set(findSpans(asTags(prediction)).map(key));
  let hit = 0;
  for (const span of predicted) if (actual.has(span)) hit++;
  return { hit, predicted: predicted.size, actual: actual.size };
}

function asTags(labels: Prediction): readonly string[] {
  return typeof labels === 'string' ? [labels] : labels;
}

function key({ type, start, end }: { type: string; start: number; end: number }): string {
  return `${start} ${end} ${type}`;
}
