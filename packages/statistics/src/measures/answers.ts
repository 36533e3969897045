import { matchLabels } from '@hubfuse/evaluate';
import { StatisticsError } from '@hubfuse/plugin';
import type { MeasuringData } from '../measure.ts';

/** The answers that a model is asked for: one per example, or one per labelled word, in the order of the data. */
export interface Answers {
  /** Example of each answer. */
  examples: Int32Array;
  /** Token of the example whose logits answer; 0 where an example has one answer. */
  positions: Int32Array;
  /** Where the answers of each example begin, and where the last ones end. */
  offsets: Int32Array;
}

/** Answers that some token gives: words without a token, or beyond the longest input, are left out. */
export function answersOf({ encoded }: MeasuringData): Answers {
  const examples: number[] = [];
  const positions: number[] = [];
  const offsets = [0];
  for (const [example, count] of encoded.labelCounts.entries()) {
    const first = encoded.labelOffsets[example] ?? 0;
    for (const position of encoded.positions.subarray(first, first + count)) {
      if (position === -1) continue;
      examples.push(example);
      positions.push(position);
    }
    offsets.push(examples.length);
  }
  return {
    examples: Int32Array.from(examples),
    positions: Int32Array.from(positions),
    offsets: Int32Array.from(offsets),
  };
}

/**
 * What the data say about each answer: places among the model's labels.
 * @throws StatisticsError `statistics/no-labels`, `statistics/unknown-label`
 */
export function givenLabels({ encoded, dataset, labels, task }: MeasuringData): Int32Array {
  const { nameOf } = matchLabels(dataset, labels, { neutral: task.unanswered });
  const found: number[] = [];
  for (const [example, { labels: given }] of dataset.examples.entries()) {
    const first = encoded.labelOffsets[example] ?? 0;
    for (let nth = 0; nth < (encoded.labelCounts[example] ?? 0); nth++) {
      if (encoded.positions[first + nth] === -1) continue;
      const label = given[nth];
      if (label === undefined) {
        throw new StatisticsError({
          code: 'statistics/no-labels',
          where: dataset.where,
          message: `example ${example + 1} of "${dataset.name}" has no label, and empirical Fisher information is taken of the labels that the data give`,
          hint: 'use data with labels, or another variant: hard and definition need none',
        });
      }
      const place = labels.indexOf(nameOf.get(label) ?? String(label));
      if (place === -1) {
        throw new StatisticsError({
          code: 'statistics/unknown-label',
          where: dataset.where,
          message: `example ${example + 1} of "${dataset.name}" is labelled "${label}", which is no label of the model`,
          hint: "use data in the model's own labels, or another variant: hard and definition need none",
        });
      }
      found.push(place);
    }
  }
  return Int32Array.from(found);
}
