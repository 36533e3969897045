import { EvaluationError } from '@hubfuse/plugin';
import type { Dataset } from './dataset.ts';

/** The label names of a model in the order of its logits. */
export type LabelNames = readonly string[];

/**
 * Label names from config.json: `id2label`, else as many `LABEL_<position>` as `num_labels` (2 where that is absent
 * too, the default of transformers).
 * @throws EvaluationError where the positions have gaps.
 */
export function labelNames(config: Readonly<Record<string, unknown>>, where: string): string[] {
  const named = config.id2label;
  if (typeof named !== 'object' || named === null) {
    const count = typeof config.num_labels === 'number' ? config.num_labels : 2;
    return Array.from({ length: count }, (_, position) => `LABEL_${position}`);
  }
  const names = Object.values(named).map((_, position) => (named as Record<string, unknown>)[position]);
  if (names.some((name) => name === undefined)) {
    throw new EvaluationError({
      code: 'evaluate/bad-labels',
      where,
      message: `id2label does not number its ${names.length} labels from 0 without gaps`,
    });
  }
  return names.map(String);
}

/** Whether the names are placeholders, which say nothing about what the positions mean. */
export function arePlaceholders(names: LabelNames): boolean {
  return names.every((name) => /^LABEL_\d+$/.test(name));
}

export interface MatchedLabels {
  /** The name that the model must predict for what the dataset says; an unknown label stays as it is. */
  nameOf: ReadonlyMap<string | number, string>;
  /** Labels that the model cannot predict, with how often they occur. */
  unknown: Record<string, number>;
  warnings: string[];
}

/**
 * Finds each label of a dataset among the model's: names by name, integers by the file's class names where it has
 * them, else by position.
 * @param options.neutral The label that is nobody's finding (`O`): known to every model, it proves nothing.
 * @param options.model What the error calls the model.
 * @throws EvaluationError where the model knows none of the dataset's labels.
 */
export function matchLabels(
  dataset: Dataset,
  names: LabelNames,
  { neutral, model = 'the model' }: { neutral?: string | undefined; model?: string } = {},
): MatchedLabels {
  const nameOf = new Map<string | number, string>();
  const unknown: Record<string, number> = {};
  const placeholders = arePlaceholders(names);
  let telling = 0;
  let known = 0;
  for (const { labels } of dataset.examples) {
    for (const label of labels) {
      const name = nameOf.get(label) ?? match(label, { names, placeholders, classNames: dataset.classNames });
      nameOf.set(label, name);
      if (name === neutral) continue;
      telling++;
      if (names.includes(name)) known++;
      else unknown[name] = (unknown[name] ?? 0) + 1;
    }
  }
  if (telling > 0 && known === 0) throw noneKnown({ dataset, unknown: Object.keys(unknown), names, model });
  const warnings: string[] = [];
  if (placeholders) {
    warnings.push(
      `${dataset.name}: the model names its labels ${names[0]} to ${names.at(-1)}, which proves nothing: they are taken by position`,
    );
  }
  const missing = Object.keys(unknown);
  if (missing.length > 0) {
    const count = Object.values(unknown).reduce((sum, value) => sum + value, 0);
    warnings.push(
      `${dataset.name}: ${count} of ${telling} labels are unknown to the model and count as wrong (${list(missing)})`,
    );
  }
  return { nameOf, unknown, warnings };
}

/** The labels that a dataset gives, by name where the file names its integers. */
export function datasetLabels({ examples, classNames }: Dataset): Set<string | number> {
  const labels = new Set<string | number>();
  for (const example of examples) {
    for (const label of example.labels) labels.add(typeof label === 'number' ? (classNames?.[label] ?? label) : label);
  }
  return labels;
}

/** The labels that an ensemble answers with, and where its members' own logits stand among them. */
export interface EnsembleLabels {
  names: LabelNames;
  /** In the order of the members. */
  members: readonly {
    /** Where each of `names` stands among the member's logits, -1 where it does not know it; absent: the same order. */
    order?: Int32Array;
    warning?: string;
  }[];
}

/**
 * Joins the label names of an ensemble's members, in order of first appearance. Placeholder names prove nothing: such
 * members are taken by position, which needs as many labels as the first has.
 * @throws EvaluationError where names that prove nothing are not as many as the others.
 */
export function joinLabels(members: readonly { name: string; labels: LabelNames }[]): EnsembleLabels {
  const first = members[0]?.labels ?? [];
  const byName = members.every(({ labels }) => !arePlaceholders(labels));
  const names = byName ? [...new Set(members.flatMap(({ labels }) => labels))] : first;
  return {
    names,
    members: members.map(({ name: where, labels }) => {
      if (names.length === labels.length && names.every((name, position) => name === labels[position])) return {};
      const order = Int32Array.from(names, (name) => labels.indexOf(name));
      if (byName || (first.length === labels.length && !order.includes(-1))) return { order };
      if (first.length === labels.length) {
        return { warning: `${where}: labels like ${labels[0]} prove nothing; they are averaged by position` };
      }
      throw new EvaluationError({
        code: 'evaluate/ensemble-labels',
        where,
        message: `its labels (${list(labels)}) cannot be matched with those of the ensemble's first model (${list(first)})`,
        hint: 'name the labels in config.json (id2label): placeholders are matched by position, which needs equal numbers',
      });
    }),
  };
}

function match(
  label: string | number,
  model: { names: LabelNames; placeholders: boolean; classNames: readonly string[] | undefined },
): string {
  const { names, placeholders, classNames } = model;
  if (typeof label === 'string' && names.includes(label)) return label;
  const position = typeof label === 'number' ? label : positionOf(label, placeholders ? classNames : undefined);
  if (position === undefined) return String(label);
  const className = classNames?.[position];
  if (className === undefined || placeholders) return names[position] ?? String(label);
  return className;
}

/** Position that a text stands for: digits (all that CSV has for an integer), or a place among class names. */
function positionOf(label: string, classNames: readonly string[] | undefined): number | undefined {
  if (/^\d+$/.test(label)) return Number(label);
  const position = classNames?.indexOf(label) ?? -1;
  return position === -1 ? undefined : position;
}

function noneKnown(options: {
  dataset: Dataset;
  unknown: readonly string[];
  names: LabelNames;
  model: string;
}): EvaluationError {
  const { dataset, unknown, names, model } = options;
  return new EvaluationError({
    code: 'evaluate/labels-unknown',
    where: dataset.where,
    message: `${model} knows none of the labels of "${dataset.name}" (${list(unknown)}); its own are ${list(names)}`,
    hint: arePlaceholders(names)
      ? 'give the labels as integers, or set id2label in config.json'
      : 'check the column with the labels, or score a model of this label space',
  });
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(', ');
  return names.length > 5 ? `${shown}, ... ${names.length} in all` : shown;
}
