import type { Kernels } from './kernels.ts';
import type { LinearStep } from './linear-layer.ts';
import type { StatisticRequest } from './statistics.ts';

interface ParameterBase {
  description: string;
  /** `model`: one value for each model; `global`: one for the merge. A `model` value may be given once for all. */
  level: 'global' | 'model';
  /**
   * Whether the value may differ between tensors (gradients over depth, filters by name). `tensor` means: only while
   * the parameter `scope` is `tensor`, because a threshold over the whole model has no layers.
   */
  perTensor: 'always' | 'never' | 'tensor';
  /** The parameter exists only while these choices of the method, by name, have these values: `{scope: 'model'}`. */
  onlyWith?: Readonly<Record<string, string>>;
}

export interface NumberParameter extends ParameterBase {
  type: 'number';
  /** Absent: the value must be given. `form`: the method computes it from its other parameters. */
  default?: number | 'form';
  minimum?: number;
  maximum?: number;
  /** The minimum itself is not allowed. */
  exclusiveMinimum?: boolean;
  /** Only whole numbers. */
  integer?: boolean;
  /**
   * The default holds only where the recipe gives no value to any model: a value for some models, or for some tensors
   * of a model, is an error, because a forgotten weight looks just like that. Only for `level: 'model'`.
   */
  allOrNone?: boolean;
  /**
   * Name of a boolean parameter. While that is true, the values of the models of one tensor must not sum to zero,
   * because they are divided by their sum. Only for `level: 'model'`.
   */
  nonZeroSumWith?: string;
  /** The same, whatever the other parameters are. */
  nonZeroSum?: boolean;
}
export interface BooleanParameter extends ParameterBase {
  type: 'boolean';
  default: boolean;
}
export interface ChoiceParameter extends ParameterBase {
  type: 'choice';
  choices: readonly string[];
  default: string;
}
/** A list of substrings of tensor names. */
export interface NamesParameter extends ParameterBase {
  type: 'names';
  default: readonly string[];
}
export type Parameter = NumberParameter | BooleanParameter | ChoiceParameter | NamesParameter;

export type ParameterValue = number | boolean | string | readonly string[];
export type ParameterValues = Readonly<Record<string, ParameterValue>>;

/** The values that hold for one tensor. */
export interface TensorParameters {
  global: ParameterValues;
  /** One entry per model that has the tensor, in the order of the recipe. */
  models: readonly ParameterValues[];
}

/** A piece of one aligned tensor, in float32 whatever the storage dtype. */
export interface Block {
  /** Name of the output tensor. */
  readonly tensor: string;
  /** Elements before this block in the tensor. */
  readonly offset: number;
  /** Elements in this block. */
  readonly length: number;
  /** Elements of the whole tensor. */
  readonly tensorLength: number;
  /** The base's values; empty for a method without base. */
  readonly base: Float32Array;
  /** The values of each model that has the tensor, in the order of the recipe. Like `base`, not to be written to. */
  readonly models: readonly Float32Array[];
  /**
   * The same piece of each model's element-wise statistic (`fisher`), in the order of `models`, none below zero. Empty
   * for a method that asks for none, and where the statistics do not have this tensor.
   */
  readonly statistics: readonly Float32Array[];
  /** Whose the `statistics` are: places in the order of the recipe's models, of which some may lack the tensor. */
  readonly measured: readonly number[];
  /** Where the merged values go (only the final sweep's `write` reads it). */
  readonly out: Float32Array;
  readonly parameters: TensorParameters;
  readonly kernels: Kernels;
  /** Working space of so many values (default: those of the block) that lasts until the block is done. Its contents are undefined. */
  scratch(values?: number): Float32Array;
  /**
   * `base` and `models` as they are stored. Absent where they are of another dtype or no longer those: a block that is made of this
   * one with other rows has none.
   */
  readonly bfloat16?: StoredRows | undefined;
  /** Room that the block has to itself until it is written, where the method asks for it and there is some. */
  readonly notes?: BlockNotes | undefined;
}

/** Rows of a block as bfloat16 is stored, read when they are asked for. They lie where `base` and `models` will. */
export interface StoredRows {
  /** Need not be finite; empty for a method without base. */
  base(): Uint16Array;
  /** Need not be finite. */
  model(index: number): Uint16Array;
  /**
   * All rows, which are finite.
   * @throws what making `base` and `models` throws where they are not
   */
  checked(): { base: Uint16Array; models: readonly Uint16Array[] };
}

/**
 * What a sweep leaves of a block for `write` to use instead of computing it again. Nothing may depend on it but time: it is there for
 * some blocks and not for others.
 */
export interface BlockNotes {
  /** `MethodProgram.notes` values for each element, rounded down, or what `cut` has left; undefined where there is no more. */
  readonly room: Float32Array | undefined;
  /** What the room holds, as the pass that left it knows; undefined where none did. */
  content: unknown;
  /** Leaves all but so many values at the front of the room to other blocks. Absent where blocks have a room each. */
  cut?(values: number): void;
}

/** What a method knows before it sees data: the number of models and the parameters that are not per tensor. */
export interface MethodOptions {
  models: number;
  parameters: ParameterValues;
  /** Values of `level: model` parameters that are not per tensor, one entry per model. */
  modelParameters: readonly ParameterValues[];
}

/** The tensors over which one statistic runs: one tensor (`scope: tensor`) or all of them (`scope: model`). */
export interface Group {
  /** Elements in the group. */
  length: number;
  /** Number of models. */
  models: number;
  /** Parameters of the group: those of its one tensor, or those that hold for the whole model. */
  parameters: TensorParameters;
}

/** Memory that the kernels see and that outlasts single blocks, for accumulators. */
export interface AccumulatorMemory {
  /** Zeros. */
  uint32(length: number): Uint32Array;
  /** Zeros. */
  float64(length: number): Float64Array;
  /** Whatever was there: room that costs nothing until it is written. */
  room32(length: number): Uint32Array;
}

/**
 * One pass over the blocks of a group. Blocks are taken in runs of fixed extent; every run opens an accumulator, maps
 * its blocks in order and closes to a partial; partials are reduced in order. So the result depends on the data alone,
 * never on the number of workers. `finish` may ask for another pass by returning a new state.
 */
export interface Sweep<State = unknown, Accumulator = unknown, Partial = unknown, Result = unknown> {
  name: string;
  /** The first state, from the results of the sweeps before. Plain data (structured clone). */
  start(previous: readonly unknown[], group: Group): State;
  /**
   * Sharpens the first state from a pass over a sample of the blocks (`share` of the group's values). Offered for large
   * groups only; whatever a sample suggests, the full pass must prove.
   */
  sample?(total: Partial, state: State, options: { share: number; group: Group }): State;
  /** Whether a sample would sharpen a first state. Default: always. */
  wantsSample?(state: State): boolean;
  /** Whether a state looks at no values: `finish` is called without a pass and a total then. Default: never. */
  isIdle?(state: State): boolean;
  open(state: State, memory: AccumulatorMemory): Accumulator;
  map(block: Block, state: State, accumulator: Accumulator): void;
  /** Plain data (structured clone), independent of the accumulator's memory. */
  close(accumulator: Accumulator): Partial;
  /** Buffers of a partial that travel with it, so that they need not be copied: nobody looks at them any more where they were made. */
  transfer?(partial: Partial): ArrayBuffer[];
  reduce(left: Partial, right: Partial): Partial;
  /**
   * Whether `reduce` gives the same however neighbours are grouped: counts, extremes, lists one after the other; not sums of
   * fractions. Partials of such a sweep are reduced where they are made before they travel. Default false.
   */
  exact?: boolean;
  finish(total: Partial, state: State, group: Group): { result: Result } | { again: State };
  /**
   * For a sweep whose result is a list with an entry for each model that rests on that model's values, the base's and
   * `basis` alone. A search then computes the entries of models that have changed.
   */
  entries?: SweepEntries<State>;
}

/** How a sweep computes some of its entries. */
export interface SweepEntries<State = unknown> {
  /** What decides the entry of each model beside values: where it is equal, entries are. Plain data. */
  basis(group: Group): readonly unknown[];
  /**
   * The first state where the entries of some models are known: the others are undefined.
   * @param likely entries that models like these had, whose values may be near; nothing but time may depend on them
   */
  start(known: readonly unknown[], group: Group, likely?: readonly unknown[]): State;
  /** The models whose values `map` reads in a state. Where it reads none, `finish` is called without a pass and a total. */
  reads(state: State): readonly number[];
}

/** What a method does: statistics first, then one sweep that writes. */
export interface MethodProgram {
  /** What one group of the statistics is. Ignored where there are no sweeps. */
  scope: 'tensor' | 'model';
  /** Values that a sweep over the whole model wants to leave for each element of a block, for `write`. Default 0. */
  notes?: number;
  sweeps: readonly Sweep[];
  /** Fills `block.out` from the block and the sweeps' results. */
  write(block: Block, results: readonly unknown[]): void;
  /** Merges the weights of linear layers whose inputs' second moments (`gram`) are known, in place of `write`. */
  linear?: LinearStep;
  /** For a method whose `result` is `tasks`. */
  tasks?: TaskStep;
}

/** What a method whose result is `tasks` adds to the unified task vector that its `write` leaves in `block.out`. */
export interface TaskStep {
  /** Sets bit k % 8 of byte k / 8 where value k of `block.out` belongs to the model; other bits become 0. */
  mask(block: Block, model: number, bits: Uint8Array): void;
  /** The scale of each model's masked vector, from the sweeps' results. */
  rescalers(results: readonly unknown[]): number[];
}

/** A merge method: one small file. */
export interface MergeMethod {
  kind: 'method';
  /** The word that a recipe uses as `merge_method`. */
  name: string;
  /** The name as a person writes it, e.g. `TIES-Merging`. */
  title: string;
  /** One sentence. */
  description: string;
  /** What is computed, in Markdown with formulas. */
  formula: string;
  /** Paper and authors' code, each with a place (equation, file:line). */
  sources: readonly string[];
  /** Whether the method works on task vectors (`required`), may use a base, or has no use for one. */
  base: 'required' | 'optional' | 'unused';
  /** How many models beside the base. */
  models: { minimum: number; maximum?: number };
  parameters: Readonly<Record<string, Parameter>>;
  /**
   * What becomes of tensors that `exclude` names: they come from the `base` (default), or are `average`d with the
   * models' `weight`, or stay with each `task`.
   */
  excluded?: 'base' | 'average' | 'task';
  /**
   * What becomes of classification heads whose labels differ: each is kept beside the merged trunk (`keep`, default),
   * or they become one head over all labels, each row averaged over the models that know its label (`labels`).
   */
  differingHeads?: 'keep' | 'labels';
  /**
   * `model` (default): one plain model. `tasks`: a unified task vector with a mask and a scale per model, from which each
   * task's own model is rebuilt.
   */
  result?: 'model' | 'tasks';
  /** What a plan should warn of with these parameters. */
  warnings?(options: MethodOptions): readonly string[];
  /** Which statistics of its models the method reads with these parameters; absent or undefined: none. */
  statistics?(options: MethodOptions): StatisticRequest | undefined;
  /**
   * The method is a search: a recipe of it evolves its models (block `evolve:`, whose defaults hold where there is none),
   * and the individual that wins is the result.
   */
  evolves?: true;
  program(options: MethodOptions): MethodProgram;
}

/** Fills in `kind` and checks the type. */
export function defineMethod(method: Omit<MergeMethod, 'kind'>): MergeMethod {
  return { kind: 'method', ...method };
}

/** Fixes the types of a sweep's parts to each other. */
export function defineSweep<State, Accumulator, Partial, Result>(
  sweep: Sweep<State, Accumulator, Partial, Result>,
): Sweep {
  return sweep as unknown as Sweep;
}
