import { defineMetric } from '@hubfuse/plugin';
import { f1 } from '../confusion.ts';
import { findSpans } from '../spans.ts';

/** F1 of labelled spans over a whole dataset, as seqeval's `f1_score` in its default mode: 0 where there is no hit. */
export default defineMetric({
  name: 'f1',
  tasks: ['token-classification'],
  monotone: true,
  score(predictions, references) {
    const total = { hit: 0, predicted: 0, actual: 0 };
    for (const [index, reference] of references.entries()) {
      const actual = new Set(findSpans(asTags(reference)).map(key));
      const predicted = new Set(findSpans(asTags(predictions[index] ?? [])).map(key));
      total.actual += actual.size;
      total.predicted += predicted.size;
      for (const span of predicted) if (actual.has(span)) total.hit++;
    }
    return f1(total);
  },
});

function asTags(labels: string | readonly string[]): readonly string[] {
  return typeof labels === 'string' ? [labels] : labels;
}

function key({ type, start, end }: { type: string; start: number; end: number }): string {
  return `${start} ${end} ${type}`;
}
