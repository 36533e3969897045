import { MergeError, type MethodProgram, type Registry } from '@hubfuse/plugin';
import { methodOptions, type Recipe, sameModel } from '@hubfuse/recipe';
import { dtypeBytes } from '@hubfuse/tensors';
import { type AlignedTensor, alignTensors } from './align.ts';
import { checkContents, checkFamilies, checkShapes } from './check-compatible.ts';
import { type Draft, draftTensors } from './draft-tensors.ts';
import { decideHeads, keptHeads } from './heads.ts';
import { arePlaceholders, labelsOf } from './labels.ts';
import { layOut } from './layout.ts';
import { classOf, type MergeInput, type PlacedInput } from './merge-input.ts';
import type { MergePlan, PlannedInput, PlannedTensor } from './merge-plan.ts';
import { type Naming, namingOf } from './naming.ts';
import { planWarnings } from './plan-warnings.ts';
import { layOutTasks, TASKS_METADATA, type TaskLayout } from './task-layout.ts';
import { plannedStatistics, requireStatistics } from './tensor-statistics.ts';

export interface PlanMergeOptions {
  recipe: Recipe;
  /** The base, for a method that works on task vectors; others do without. */
  base?: MergeInput | undefined;
  /** The models, in the order of the recipe. */
  models: readonly MergeInput[];
  registry: Registry;
  /** Bytes of data per output file. Absent: one file. */
  shardSize?: number | undefined;
}

/**
 * Decides from headers alone what becomes of every tensor of every input: merged, averaged, copied, dropped or kept
 * beside the model.
 * @throws MergeError where the models do not fit together
 * @throws RecipeError where a parameter has no usable value for some tensor
 */
export function planMerge(options: PlanMergeOptions): MergePlan {
  const { recipe, registry } = options;
  const method = registry.get('method', recipe.method);
  const inputs = placeInputs(options);
  checkContents(inputs);
  const base = inputs.find(({ role }) => role === 'base');
  const models = inputs.filter(({ role }) => role === 'model');
  checkFamilies(inputs);
  const naming = namingOf(inputs, registry);
  const perTask = method.result === 'tasks';
  const override = recipe.heads ?? (perTask ? 'keep' : undefined);
  const heads = decideHeads({ base, models, naming, override, differing: method.differingHeads ?? 'keep' });
  const alignment = alignTensors(inputs, naming);
  const trunk = alignment.tensors.filter(({ canonical }) => heads.rule === 'merge' || !naming.isHead(canonical));
  const tensors = heads.foreignBase ? trunk.map((tensor) => withoutBaseHead(tensor, { base, naming })) : trunk;
  const joined = heads.labels !== undefined;
  checkShapes(
    inputs,
    tensors.filter(({ canonical }) => !(joined && naming.isLabelTensor(canonical))),
  );
  const donor = donorOf({ recipe, base, models });
  const whole = methodOptions({ recipe, method });
  const program = method.program(whole);
  const request = method.statistics?.(whole);
  const measured = request === undefined ? undefined : requireStatistics({ request, models, naming });
  const context = { recipe, method, base, models, donor, naming, heads, program, measured };
  const drafts = draftTensors(tensors, context);
  const metadata = perTask ? TASKS_METADATA : { ...donor.checkpoint.metadata, format: 'pt' };
  const layout = perTask
    ? layOutTasks({ drafts, models, naming })
    : layOutModel({ drafts, metadata, shardSize: options.shardSize });
  const planned = layout.tensors;
  const kept = layout.own ?? (heads.rule === 'keep' ? keptHeads(models, naming) : []);
  return {
    version: 1,
    method: method.name,
    parameters: whole.parameters,
    modelParameters: whole.modelParameters,
    groupParameters: { global: whole.parameters, models: whole.modelParameters },
    inputs: inputs.map((input) => describeInput(input, planned)),
    models: models.length,
    statistics: (measured ?? []).map(plannedStatistics),
    tensors: planned,
    outputs: layout.outputs,
    ...('index' in layout && layout.index !== undefined ? { index: layout.index } : {}),
    dropped: alignment.dropped,
    heads: kept,
    ...(layout.tasks === undefined ? {} : { tasks: layout.tasks }),
    warnings: [
      ...recipe.warnings.map(({ message }) => message),
      ...(method.warnings?.(whole) ?? []),
      ...heads.warnings,
      ...(perTask && options.shardSize !== undefined ? [UNDIVIDED] : []),
      ...planWarnings({ inputs, naming, aligned: alignment.tensors, planned, method: whole }),
    ],
    donor: donor.index,
    config: configChanges({
      recipe,
      drafts,
      donor,
      naming,
      labels: heads.labels ?? heads.merged,
      kept: kept.length > 0 && !perTask,
    }),
    metadata,
    totals: {
      parameters: planned.reduce((sum, { length }) => sum + length, 0),
      readBytes: planned.reduce((sum, tensor) => sum + readBytes(tensor), 0),
      writeBytes: layout.outputs.reduce((sum, { size }) => sum + size, 0),
      passes: program.scope === 'model' ? 1 + program.sweeps.length : 1,
      ...noteBytes(program, planned),
    },
  };
}

/** For each merged value of a method over the whole model. */
function noteBytes({ scope, notes }: MethodProgram, planned: readonly PlannedTensor[]): { noteBytes?: number } {
  if (scope !== 'model' || notes === undefined) return {};
  const merged = planned.reduce((sum, { rule, length }) => sum + (rule === 'method' ? length : 0), 0);
  return { noteBytes: Float32Array.BYTES_PER_ELEMENT * notes * merged };
}

/** Loaders know shards of a model; what a method keeps per task is read by its own rules, a file at a time. */
const UNDIVIDED = 'the shard size is not used: base, vector and masks of a merge per task are one file each';

/** One plain model, in as many files as are wanted. */
function layOutModel(options: {
  drafts: readonly Draft[];
  metadata: Readonly<Record<string, string>>;
  shardSize: number | undefined;
}): Partial<TaskLayout> & Pick<TaskLayout, 'tensors' | 'outputs'> & { index?: string } {
  const { drafts, ...rest } = options;
  const { tensors, outputs, index } = layOut({ tensors: drafts, ...rest });
  const placed = tensors.map(({ tensor, place }) => ({ ...tensor, ...place }));
  return index === undefined ? { tensors: placed, outputs } : { tensors: placed, outputs, index };
}

function placeInputs({ recipe, base, models, registry }: PlanMergeOptions): PlacedInput[] {
  const method = registry.get('method', recipe.method);
  if (method.base === 'required' && base === undefined) {
    throw new MergeError({
      code: 'merge/base-missing',
      where: 'base_model',
      message: `${method.name} works on task vectors and needs a base_model`,
      hint: 'name the model that the others were fine-tuned from',
    });
  }
  const placed: PlacedInput[] = [];
  if (method.base !== 'unused' && base !== undefined) placed.push({ ...base, index: 0, role: 'base' });
  for (const model of models) placed.push({ ...model, index: placed.length, role: 'model' });
  return placed;
}

/** The model that config, tokenizer and other files come from: the base where it is of the result's class. */
function donorOf(options: {
  recipe: Recipe;
  base: PlacedInput | undefined;
  models: readonly PlacedInput[];
}): PlacedInput {
  const { recipe, base, models } = options;
  const first = models[0] as PlacedInput;
  if (base !== undefined) return classOf(base) === classOf(first) ? base : first;
  const named = recipe.base;
  if (named === undefined) return first;
  return models[recipe.models.findIndex((model) => sameModel(model.reference, named.reference))] ?? first;
}

/** A base whose head has other labels says nothing about the models' heads. */
function withoutBaseHead(
  tensor: AlignedTensor,
  { base, naming }: { base: PlacedInput | undefined; naming: Naming },
): AlignedTensor {
  if (base === undefined || !naming.isHead(tensor.canonical)) return tensor;
  const stored = new Map(tensor.stored);
  stored.delete(base.index);
  return { ...tensor, stored };
}

/** What transformers takes where a config has no `id2label`. */
const DEFAULT_LABELS: readonly string[] = ['LABEL_0', 'LABEL_1'];

function configChanges(options: {
  recipe: Recipe;
  drafts: readonly Draft[];
  donor: PlacedInput;
  naming: Naming;
  /** Labels of the head in the order of its rows; empty: unknown, or there is none. */
  labels: readonly string[];
  kept: boolean;
}): Record<string, unknown> {
  const { recipe, drafts, donor, naming, labels, kept } = options;
  const changes: Record<string, unknown> = {};
  const dtype = recipe.outDtype ?? recipe.dtype;
  if (dtype !== undefined) changes.dtype = dtype;
  const hasOwnHead = (name: string) => naming.tiedTo(naming.canonical(name)) !== undefined;
  const donorTies = ![...donor.checkpoint.tensors.keys()].some(hasOwnHead);
  if (donorTies && drafts.some(({ name }) => hasOwnHead(name))) changes.tie_word_embeddings = false;
  const bare = naming.architecture?.classes.find((name) => name.endsWith('Model'));
  if (kept && bare !== undefined) changes.architectures = [bare];
  // The donor may have its labels in another order, or others.
  const known = labelsOf(donor) ?? DEFAULT_LABELS;
  const unnamed = arePlaceholders(labels) && labels.length === known.length;
  if (labels.length > 0 && !unnamed && JSON.stringify(labels) !== JSON.stringify(known)) {
    changes.id2label = Object.fromEntries(labels.map((label, index) => [String(index), label]));
    changes.label2id = Object.fromEntries(labels.map((label, index) => [label, index]));
  }
  return changes;
}

function describeInput(input: PlacedInput, tensors: readonly PlannedTensor[]): PlannedInput {
  const { source, checkpoint, role, index } = input;
  const files = new Set<string>();
  // What several tensors of the result come from is read for each, but is there once.
  const sizes = new Map<string, number>();
  for (const tensor of tensors) {
    for (const part of partsOf(tensor).filter(({ input }) => input === index)) {
      files.add(part.file);
      sizes.set(`${part.offset} ${part.file}`, tensor.length * dtypeBytes(part.dtype));
    }
  }
  const bytes = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  return {
    role,
    reference: source.reference,
    name: source.name,
    ...(source.revision === undefined ? {} : { revision: source.revision }),
    files: checkpoint.files.filter(({ path }) => files.has(path)).map(({ path, size }) => ({ path, size })),
    bytes,
  };
}

function partsOf({ base, parts }: PlannedTensor): PlannedTensor['parts'] {
  return base === undefined ? parts : [base, ...parts];
}

function readBytes(tensor: PlannedTensor): number {
  return (
    partsOf(tensor).reduce((sum, { dtype }) => sum + tensor.length * dtypeBytes(dtype), 0) + statisticBytes(tensor)
  );
}

/** Bytes of the statistics that the merge of a tensor reads. */
function statisticBytes({ statistics = [], linear, length }: PlannedTensor): number {
  const inputs = linear?.inputs ?? 0;
  return statistics.reduce((sum, { form, dtype }) => {
    const values = form === 'elements' ? length : form === 'square' ? inputs * inputs : (inputs * (inputs + 1)) / 2;
    return sum + values * dtypeBytes(dtype);
  }, 0);
}
