import { arePlaceholders, labelsOf } from './labels.ts';
import type { PlacedInput } from './merge-input.ts';

/** One head over the labels of all models. */
export interface JoinedLabels {
  /** In order of first appearance. */
  labels: readonly string[];
  /** By input, the row of its head for each label; -1 where it does not know the label. */
  rows: ReadonlyMap<number, readonly number[]>;
}

/**
 * Joins the label sets of models by name. Undefined where names prove nothing, or, unless `always`, where a model shares
 * no label with any other: then these are different tasks, and one head over all of them would answer none.
 */
export function joinLabels(models: readonly PlacedInput[], options: { always: boolean }): JoinedLabels | undefined {
  const sets = models.map((model) => ({ model, labels: labelsOf(model) ?? [] }));
  if (sets.some(({ labels }) => arePlaceholders(labels) || new Set(labels).size !== labels.length)) return undefined;
  const alone = sets.some(({ model, labels }) => {
    return !sets.some((other) => other.model !== model && other.labels.some((label) => labels.includes(label)));
  });
  if (alone && !options.always) return undefined;
  const labels = [...new Set(sets.flatMap((set) => set.labels))];
  const rows = new Map(sets.map((set) => [set.model.index, labels.map((label) => set.labels.indexOf(label))]));
  return { labels, rows };
}
