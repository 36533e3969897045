import type { MergeInput } from './merge-input.ts';

/** Labels of a classifier in the order of its rows; undefined where config.json has none. */
export function labelsOf({ config }: Pick<MergeInput, 'config'>): string[] | undefined {
  const { id2label } = config;
  if (typeof id2label !== 'object' || id2label === null) return undefined;
  const entries = Object.entries(id2label as Record<string, unknown>)
    .filter((entry): entry is [string, string] => typeof entry[1] === 'string' && /^\d+$/.test(entry[0]))
    .sort(([a], [b]) => Number(a) - Number(b));
  return entries.map(([, label]) => label);
}

/** `LABEL_0`, `LABEL_1`, ...: what transformers writes where nobody named the labels. */
export function arePlaceholders(labels: readonly string[]): boolean {
  return labels.every((label) => /^LABEL_\d+$/.test(label));
}

/** How the rows of a head answer to those of the reference head. */
export type LabelMatch =
  | { kind: 'same' }
  /** Row i of the result comes from row `rows[i]`. */
  | { kind: 'permuted'; rows: number[] }
  | { kind: 'different' };

export function matchLabels(reference: readonly string[], labels: readonly string[]): LabelMatch {
  if (reference.length !== labels.length) return { kind: 'different' };
  const rows = reference.map((label) => labels.indexOf(label));
  if (rows.includes(-1) || new Set(rows).size !== rows.length) return { kind: 'different' };
  return rows.every((row, i) => row === i) ? { kind: 'same' } : { kind: 'permuted', rows };
}
