import { MergeError, type ModelSource } from '@hubfuse/plugin';
import { joinLabels } from './join-labels.ts';
import { arePlaceholders, labelsOf, matchLabels } from './labels.ts';
import { classOf, type PlacedInput } from './merge-input.ts';
import type { KeptHead } from './merge-plan.ts';
import type { Naming } from './naming.ts';

/** What becomes of the models' heads. */
export interface HeadDecision {
  rule: 'merge' | 'keep';
  /** By input: the rows of its head in the order of the reference's labels, where they are ordered otherwise. */
  rows: ReadonlyMap<number, readonly number[]>;
  /** Labels of one head over all models, for a method that joins heads whose labels differ; `rows` are of these. */
  labels?: readonly string[];
  /** Labels of the merged head in the order of its rows, whatever the donor of the config calls them. Empty: unknown. */
  merged: readonly string[];
  /** The base's head has other labels than the models' and takes no part. */
  foreignBase: boolean;
  warnings: string[];
}

/**
 * Same label names: heads are aligned by name and merged. Different labels, or different classes: the trunk is merged
 * and the heads are kept apart, unless the method joins heads by label. `LABEL_0` names prove nothing: heads of equal size go by position, with a warning.
 * @throws MergeError where `heads: merge` asks for what has no meaning
 */
export function decideHeads(options: {
  base: PlacedInput | undefined;
  models: readonly PlacedInput[];
  naming: Naming;
  override: 'merge' | 'keep' | undefined;
  /** What the method does with heads whose labels differ. */
  differing: 'keep' | 'labels';
}): HeadDecision {
  const { base, models, naming, override, differing } = options;
  const rows = new Map<number, readonly number[]>();
  const warnings: string[] = [];
  const keep: HeadDecision = { rule: 'keep', rows: new Map(), foreignBase: false, merged: [], warnings };
  const withHead = models.filter((model) => hasHead(model, naming));
  // The first whose labels say something: the others are aligned with it, and it names the rows of the result.
  const reference = withHead.find((model) => !arePlaceholders(labelsOf(model) ?? [])) ?? withHead[0];
  const expected = (reference && labelsOf(reference)) ?? [];
  const merge: HeadDecision = { rule: 'merge', rows, foreignBase: false, merged: expected, warnings };
  if (reference === undefined) return merge;
  if (override === 'keep') return keep;
  const classes = new Set(withHead.map(classOf));
  if (classes.size > 1) {
    if (override !== 'merge') return keep;
    throw new MergeError({
      code: 'merge/heads-differ',
      where: 'heads',
      message: `the models have heads of different classes: ${[...classes].join(', ')}`,
      hint: 'leave `heads: merge` out: the trunk is merged and each head is kept beside it',
    });
  }
  const bearers = base !== undefined && hasHead(base, naming) ? [...withHead, base] : withHead;
  for (const model of bearers.filter((bearer) => bearer !== reference)) {
    const labels = labelsOf(model) ?? [];
    if (labels.length === expected.length && (arePlaceholders(labels) || arePlaceholders(expected))) {
      if (labels.length > 0) {
        warnings.push(
          `${model.source.name}: labels ${(arePlaceholders(labels) ? labels : expected)[0]}... prove nothing; its head is aligned with ${reference.source.name} by position`,
        );
      }
      continue;
    }
    const match = matchLabels(expected, labels);
    if (match.kind === 'permuted') rows.set(model.index, match.rows);
    if (match.kind !== 'different') continue;
    if (model === base) {
      merge.foreignBase = true;
      warnings.push(`${model.source.name}: ${foreignness(model, reference)}, so that its head takes no part`);
      continue;
    }
    const joined = differing === 'labels' ? joinLabels(withHead, { always: override === 'merge' }) : undefined;
    if (joined !== undefined) return { ...merge, ...joined };
    if (override !== 'merge') return keep;
    if (labels.length !== expected.length) throw differentSizes(reference, model);
    warnings.push(
      `${model.source.name}: other labels than ${reference.source.name}; heads: merge aligns them by position`,
    );
  }
  return merge;
}

/** Why the base's head says nothing about the models' heads. */
function foreignness(base: PlacedInput, reference: PlacedInput): string {
  const [own, wanted] = [classOf(base), classOf(reference)];
  if (own !== wanted && own !== undefined && wanted !== undefined) return `it is ${own} and the models are ${wanted}`;
  return labelsOf(base) === undefined ? 'its config.json names no labels (id2label)' : 'other labels than the models';
}

function differentSizes(reference: PlacedInput, model: PlacedInput): MergeError {
  const sizes = [reference, model].map((input) => `${input.source.name} has ${labelsOf(input)?.length ?? 0}`);
  return new MergeError({
    code: 'merge/heads-differ',
    where: 'heads',
    message: `heads cannot be merged by position: ${sizes.join(', ')} labels`,
    hint: 'leave `heads: merge` out: the trunk is merged and each head is kept beside it',
  });
}

function hasHead(input: PlacedInput, naming: Naming): boolean {
  return [...input.checkpoint.tensors.keys()].some((name) => naming.isHead(naming.canonical(name)));
}

/** The heads that stay beside the merged trunk. */
export function keptHeads(models: readonly PlacedInput[], naming: Naming): KeptHead[] {
  const taken = new Set<string>();
  return models
    .filter((model) => hasHead(model, naming))
    .map((model) => ({
      input: model.index,
      path: `heads/${headName(model.source, taken)}.safetensors`,
      labels: labelsOf(model) ?? [],
      className: classOf(model) ?? '',
      tensors: [...model.checkpoint.tensors.values()]
        .filter(({ name }) => naming.isHead(naming.canonical(name)))
        .map(({ name, file, offset, dtype, shape }) => ({
          input: model.index,
          name,
          file,
          offset,
          dtype,
          shape,
          outputName: naming.canonical(name),
        })),
    }));
}

/** Last part of the model's name, made unique. */
export function headName(source: ModelSource, taken: Set<string>): string {
  const last =
    source.name
      .split('/')
      .filter((part) => part !== '')
      .at(-1) ?? 'model';
  const name = last.replace(/[^\w.-]+/g, '-');
  for (let number = 1; ; number++) {
    const candidate = number === 1 ? name : `${name}-${number}`;
    if (!taken.has(candidate)) {
      taken.add(candidate);
      return candidate;
    }
  }
}
