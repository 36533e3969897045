import { MergeError, type MergeMethod, type MethodProgram, type TensorParameters } from '@hubfuse/plugin';
import { type Recipe, resolveParameters, type TensorPlace } from '@hubfuse/recipe';
import { type DType, dtypeBytes, elementCount, isFloatDType, type StoredTensor } from '@hubfuse/tensors';
import type { AlignedTensor } from './align.ts';
import type { HeadDecision } from './heads.ts';
import { isNamed } from './is-named.ts';
import { layerCounts, placeOf } from './layers.ts';
import { planLinear } from './linear-layers.ts';
import type { PlacedInput } from './merge-input.ts';
import type { PlannedTensor, TensorPart } from './merge-plan.ts';
import type { Naming } from './naming.ts';
import { type Measured, requireElements, statisticsOf } from './tensor-statistics.ts';

const STORAGE: Readonly<Record<string, DType>> = { float32: 'F32', float16: 'F16', bfloat16: 'BF16' };

const NO_PARAMETERS: TensorParameters = { global: {}, models: [] };

/** A tensor before its place in the output is known. */
export type Draft = Omit<PlannedTensor, 'output' | 'offset'>;

export interface DraftContext {
  recipe: Recipe;
  method: MergeMethod;
  /** Only for a method that works on task vectors. */
  base: PlacedInput | undefined;
  models: readonly PlacedInput[];
  donor: PlacedInput;
  naming: Naming;
  heads: HeadDecision;
  program: MethodProgram;
  /** The models' statistics, for a method that reads some. */
  measured: readonly Measured[] | undefined;
}

/**
 * Gives every tensor its rule, its parts and its parameters.
 * @throws RecipeError where a parameter has no usable value for some tensor
 * @throws MergeError where a tensor is merged in one model and quantised in another
 */
export function draftTensors(tensors: readonly AlignedTensor[], context: DraftContext): Draft[] {
  const named = tensors.map((tensor) => ({ tensor, name: outputName(tensor, context) }));
  const layers = layerCounts(named.map(({ name }) => name));
  const drafts = named.flatMap(({ tensor, name }) => {
    const draft = draftTensor(tensor, { ...context, name });
    return draft === undefined ? [] : [{ tensor, draft }];
  });
  const merged = drafts.filter(({ draft }) => draft.rule === 'method' || draft.rule === 'labels');
  const parameters = resolveParameters({
    recipe: context.recipe,
    method: context.method,
    tensors: merged.map(({ tensor, draft }): TensorPlace => {
      return { name: draft.name, ...placeOf(draft.name, layers), models: owners(tensor, { ...context, draft }) };
    }),
  });
  const resolved = new Map(merged.map(({ draft }, i) => [draft, parameters[i] as TensorParameters]));
  return drafts.map(({ draft }) => {
    return withLayerNotes({ ...draft, parameters: resolved.get(draft) ?? draft.parameters }, context.program);
  });
}

/** Adds what the method says about a layer that it merges whole. */
function withLayerNotes(draft: Draft, { linear: step }: MethodProgram): Draft {
  const { name, linear, statistics = [], parameters } = draft;
  if (linear === undefined || step?.check === undefined) return draft;
  const { inputs, outputs } = linear;
  const rows = statistics.map(({ samples }) => samples);
  const notes = step.check({ tensor: name, inputs, outputs, parameters, rows });
  return notes.length === 0 ? draft : { ...draft, note: [draft.note, ...notes].filter((note) => note).join('; ') };
}

/** The donor's name for a tensor, else that of the first model that has it. */
function outputName({ stored, tied, canonical }: AlignedTensor, { donor, models, naming }: DraftContext): string {
  for (const { index } of [donor, ...models]) {
    const tensor = stored.get(index);
    if (tensor !== undefined && !tied.includes(index)) return naming.unwrapped(tensor.name);
  }
  return canonical;
}

/** The models whose values the method gets: all of them where the base stands in for a missing tensor. */
function owners(tensor: AlignedTensor, context: DraftContext & { draft: Draft }): TensorPlace['models'] {
  const { models, draft } = context;
  return models.flatMap(({ index }, model) => {
    const stored = tensor.stored.get(index);
    if (stored === undefined && draft.base === undefined) return [];
    // A tied head is looked up by the name that it would have if it were stored.
    const name = stored === undefined || tensor.tied.includes(index) ? draft.name : stored.name;
    return [{ index: model, name }];
  });
}

/** Undefined where the tensor stays with each task. */
function draftTensor(tensor: AlignedTensor, context: DraftContext & { name: string }): Draft | undefined {
  const { name, base, models } = context;
  const part = (index: number) => partOf(tensor, { ...context, index });
  const parts = models.flatMap(({ index }) => part(index) ?? []);
  const basePart = base === undefined ? undefined : part(base.index);
  const all = basePart === undefined ? parts : [basePart, ...parts];
  const first = all[0] as TensorPart;
  const odd = all.find(({ dtype }) => isFloatDType(dtype) !== isFloatDType(first.dtype));
  if (odd !== undefined) throw mixedKinds({ name, first, odd, context });
  const { shape } = [...tensor.stored.values()][0] as StoredTensor;
  const common = { name, shape, length: elementCount(shape), parameters: NO_PARAMETERS };
  if (!isFloatDType(first.dtype)) {
    const note = `${first.dtype} is not merged: taken from ${inputName(context, first.input)}`;
    return { ...common, dtype: first.dtype, rule: 'copy', note, parts: [first] };
  }
  const dtype = STORAGE[context.recipe.outDtype ?? context.recipe.dtype ?? ''] ?? nativeDType(all, basePart);
  const excluded = isExcluded(name, context) ? (context.method.excluded ?? 'base') : undefined;
  const perTask = context.method.result === 'tasks';
  if (perTask && (excluded !== undefined || basePart === undefined)) return undefined;
  if (basePart !== undefined && excluded === 'base') {
    return { ...common, dtype, rule: 'copy', note: 'excluded: taken from the base', parts: [basePart] };
  }
  if (base !== undefined && basePart === undefined) {
    return { ...common, dtype, rule: 'average', note: 'the base lacks it', parts };
  }
  if (context.heads.labels !== undefined && context.naming.isLabelTensor(tensor.canonical)) {
    const joined = [context.heads.labels.length, ...shape.slice(1)];
    const note = `one head over ${joined[0]} labels: each row averaged over the models that know its label`;
    return { ...common, shape: joined, length: elementCount(joined), dtype, rule: 'labels', note, parts };
  }
  const measured = excluded === 'average' ? {} : measuredParts(tensor, { ...context, parts, shape });
  const notes = [
    ...(excluded === 'average' ? ['excluded: averaged'] : []),
    ...tiedNotes(tensor, context),
    ...lackingNotes(tensor, context),
  ];
  return {
    ...common,
    dtype,
    rule: 'method',
    ...(notes.length === 0 ? {} : { note: notes.join('; ') }),
    ...(basePart === undefined ? {} : { base: basePart }),
    // A task vector of a model that lacks the tensor is zero: the base's own values stand in for it.
    parts: basePart === undefined ? parts : models.map(({ index }) => part(index) ?? basePart),
    ...measured,
  };
}

/** What the method reads beside the weights of a tensor. */
function measuredParts(
  tensor: AlignedTensor,
  options: DraftContext & { name: string; parts: readonly TensorPart[]; shape: readonly number[] },
): Pick<Draft, 'statistics' | 'linear'> {
  const { measured, naming, program, parts, name, shape } = options;
  const { canonical } = tensor;
  // Where one model stores a head and another ties it to its embeddings, the embeddings' rule holds: they are averaged.
  if (measured === undefined || tensor.tied.length > 0) return {};
  const kind = measured[0]?.statistics.kind;
  if (kind === 'gram' && !canonical.endsWith('.weight')) return {};
  const key = kind === 'gram' ? canonical.slice(0, -'.weight'.length) : canonical;
  const found = statisticsOf({ key, measured, parts });
  if (found === undefined) return {};
  if (program.linear === undefined) {
    requireElements({ name, shape, stored: found.stored });
    return { statistics: found.parts };
  }
  const linear = planLinear({ name, shape, stored: found.stored, naming, canonical, step: program.linear });
  return { statistics: found.parts, linear };
}

function partOf(tensor: AlignedTensor, options: DraftContext & { index: number }): TensorPart | undefined {
  const { index, naming, heads } = options;
  const stored = tensor.stored.get(index);
  if (stored === undefined) return undefined;
  const { name, file, offset, dtype } = stored;
  const part = { input: index, name, file, offset, dtype };
  const rows = naming.isLabelTensor(tensor.canonical) ? heads.rows.get(index) : undefined;
  return rows === undefined ? part : { ...part, rows };
}

function tiedNotes({ tied }: AlignedTensor, context: DraftContext): string[] {
  return tied.map((index) => `${inputName(context, index)} ties it to its embeddings`);
}

function lackingNotes({ stored }: AlignedTensor, { models, base }: DraftContext): string[] {
  const lacking = models.filter(({ index }) => !stored.has(index)).map(({ source }) => source.name);
  if (lacking.length === 0) return [];
  return [`not in ${lacking.join(', ')}${base === undefined ? '' : ': unchanged there'}`];
}

function inputName({ base, models }: DraftContext, index: number): string {
  return [base, ...models].find((input) => input?.index === index)?.source.name ?? String(index);
}

function isExcluded(name: string, { recipe, method }: DraftContext): boolean {
  const parameter = method.parameters.exclude;
  if (parameter?.type !== 'names') return false;
  const setting = recipe.parameters.exclude;
  const value = setting?.kind === 'constant' ? setting.value : parameter.default;
  return Array.isArray(value) && isNamed(name, value);
}

/** The stored dtype that the result keeps where the recipe names none: the base's, else one that holds all models'. */
function nativeDType(all: readonly TensorPart[], base: TensorPart | undefined): DType {
  if (base !== undefined) return base.dtype;
  const dtypes = new Set(all.map(({ dtype }) => dtype));
  if (dtypes.size === 1) return (all[0] as TensorPart).dtype;
  // float16 and bfloat16 hold different values: only a wider type holds both.
  return [...dtypes].some((dtype) => dtypeBytes(dtype) === 8) ? 'F64' : 'F32';
}

function mixedKinds(options: { name: string; first: TensorPart; odd: TensorPart; context: DraftContext }): MergeError {
  const [a, b] = [options.first, options.odd].map(
    ({ dtype, input }) => `${dtype} in ${inputName(options.context, input)}`,
  );
  return new MergeError({
    code: 'merge/mixed-dtypes',
    where: 'models',
    message: `${options.name} is ${a} and ${b}`,
    hint: 'quantised and plain weights cannot be merged; name the unquantised model',
  });
}
