import type { Prediction } from '@hubfuse/plugin';

/** How often a label was predicted, was true, and both at once. */
export interface LabelCount {
  hit: number;
  predicted: number;
  actual: number;
}

/** Every predicted label beside the true one; lists of labels are flattened. */
export function labelPairs(
  predictions: readonly Prediction[],
  references: readonly Prediction[],
): (readonly [string, string])[] {
  return references.flatMap((reference, index) => {
    const prediction = predictions[index] ?? '';
    if (typeof reference === 'string') return [[String(prediction), reference] as const];
    return reference.map((label, word) => [prediction[word] ?? '', label] as const);
  });
}

/** Counts by label, for every label that is predicted or true at least once. */
export function countByLabel(pairs: readonly (readonly [string, string])[]): Map<string, LabelCount> {
  const counts = new Map<string, LabelCount>();
  const of = (label: string): LabelCount => {
    const count = counts.get(label) ?? { hit: 0, predicted: 0, actual: 0 };
    counts.set(label, count);
    return count;
  };
  for (const [prediction, reference] of pairs) {
    of(prediction).predicted++;
    of(reference).actual++;
    if (prediction === reference) of(reference).hit++;
  }
  return counts;
}

/** Harmonic mean of precision and recall; 0 where there is no hit. */
export function f1({ hit, predicted, actual }: LabelCount): number {
  return hit === 0 ? 0 : (2 * hit) / (predicted + actual);
}

/** Totals of a label as a metric's `totals` keep them: hit, predicted, actual. */
export function labelTotals(prediction: Prediction, reference: Prediction): Map<string, readonly number[]> {
  const counts = [...countByLabel(labelPairs([prediction], [reference]))];
  return new Map(counts.map(([label, { hit, predicted, actual }]) => [label, [hit, predicted, actual]]));
}

/** The counts behind such totals, of labels that are predicted or true at least once. */
export function countsOf(totals: ReadonlyMap<string, readonly number[]>): [label: string, count: LabelCount][] {
  return [...totals].flatMap(([label, [hit = 0, predicted = 0, actual = 0]]) =>
    predicted + actual === 0 ? [] : [[label, { hit, predicted, actual }] as [string, LabelCount]],
  );
}

/** The one group of a metric that does not tell labels apart. */
export const ALL_LABELS = '';
