import type { ParameterValues, StatisticRequest, StatisticsProvenance, TensorParameters } from '@hubfuse/plugin';
import type { DType } from '@hubfuse/tensors';

/** Where one model's share of an output tensor lies. */
export interface TensorPart {
  /** Index into `MergePlan.inputs`. */
  input: number;
  /** Name in that model's files. */
  name: string;
  file: string;
  /** Absolute position of the first byte. */
  offset: number;
  dtype: DType;
  /** Row i of the output comes from row `rows[i]` of the stored tensor (labels in another order); -1: it has none. */
  rows?: readonly number[];
}

/**
 * What becomes of a tensor. `method`: the merge method; `average`: the plain mean of the models that have it, since
 * the base does not; `labels`: each row averaged over the models that know its label; `copy`: taken over from one input.
 */
export type TensorRule = 'method' | 'average' | 'labels' | 'copy';

/** Where one model's statistic of an output tensor lies; `input` is an index into `MergePlan.statistics`. */
export interface StatisticPart extends TensorPart {
  /** `elements`: one value per element; `square`, `triangle`: a Gram matrix whole, or its upper triangle by rows. */
  form: 'elements' | 'square' | 'triangle';
  /** Rows that it is the mean over, where the file says so. */
  samples?: number;
}

/** The weight of a linear layer that is merged whole. */
export interface PlannedLinear {
  /** Width of the layer's input and of its output. */
  inputs: number;
  outputs: number;
  /** Stored as inputs x outputs (`Conv1D` of transformers), not as outputs x inputs. */
  transposed: boolean;
  /** Bytes of working space. */
  workspace: number;
}

/** One statistics file that goes into the merge. */
export interface PlannedStatistics extends StatisticRequest {
  /** Index into `MergePlan.inputs` of the model that it is of. */
  input: number;
  /** What was named, and what messages call it. */
  reference: string;
  name: string;
  /** Commit of a Hub repository. */
  revision?: string;
  /** File inside the repository or folder, and its bytes. */
  path: string;
  size: number;
  sha256?: string;
  provenance?: StatisticsProvenance;
}

/** One tensor of the output. */
export interface PlannedTensor {
  name: string;
  shape: readonly number[];
  /** Elements. */
  length: number;
  /** Storage dtype of the output. */
  dtype: DType;
  /** Dtype that values are rounded to before they are stored in a wider one; absent: they are rounded to `dtype` alone. */
  rounding?: 'F16' | 'BF16';
  rule: TensorRule;
  /** Why the rule is not `method`, or what else a reader should know. */
  note?: string;
  base?: TensorPart;
  /** The models' parts, in the order of the recipe; for `copy` the one part that is copied. */
  parts: readonly TensorPart[];
  /** The models' statistics of it, in the order of `parts`; absent where the method reads none or there are none. */
  statistics?: readonly StatisticPart[];
  /** For a result per task: where the bits of each model's mask go. */
  masks?: readonly { output: number; offset: number }[];
  /** Where the method merges it whole. */
  linear?: PlannedLinear;
  parameters: TensorParameters;
  /** Index into `MergePlan.outputs`. */
  output: number;
  /** Absolute position of the first byte in the output file. */
  offset: number;
}

/** One model that goes into the merge. */
export interface PlannedInput {
  role: 'base' | 'model';
  /** What the user wrote. */
  reference: string;
  /** Hub id or folder. */
  name: string;
  /** 40 hexadecimal digits; absent for a folder. */
  revision?: string;
  /** Weight files that the merge reads. */
  files: readonly { path: string; size: number }[];
  /** Bytes that the merge reads of it, once. */
  bytes: number;
}

/** One file of the output. */
export interface PlannedOutput {
  path: string;
  /** Bytes of the whole file. */
  size: number;
  /** It holds the bits of a mask for every tensor that has some. */
  masks?: boolean;
}

/** One task of a result per task. */
export interface PlannedTask {
  /** What `hubfuse materialize --task` calls it. */
  name: string;
  /** Index into `MergePlan.inputs` of the model that it comes from. */
  input: number;
  /** Folder below the output folder with its mask, its own tensors, config.json and tokenizer. */
  folder: string;
}

/** A tensor of an input that does not appear in the output, and why. */
export interface DroppedTensor {
  input: number;
  name: string;
  reason: string;
}

/** A head that stays beside the merged model because its labels are its own. */
export interface KeptHead {
  /** Index into `inputs`. */
  input: number;
  /** File below the output folder: `heads/<model name>.safetensors`. */
  path: string;
  labels: readonly string[];
  /** Class of the model that the head comes from. */
  className: string;
  tensors: readonly (TensorPart & { shape: readonly number[]; outputName: string })[];
}

/** Everything that a merge will do, decided from headers alone. Plain JSON. */
export interface MergePlan {
  version: 1;
  method: string;
  /** Parameters that hold for the whole merge. */
  parameters: ParameterValues;
  /** Per model, those of `level: model` that do not vary between tensors. */
  modelParameters: readonly ParameterValues[];
  /** What a whole-model statistic reads (`scope: model`). */
  groupParameters: TensorParameters;
  inputs: readonly PlannedInput[];
  /** Number of models beside the base. */
  models: number;
  /** The models' statistics, in the order of the models; empty for a method that reads none. */
  statistics: readonly PlannedStatistics[];
  tensors: readonly PlannedTensor[];
  outputs: readonly PlannedOutput[];
  /** Content of `model.safetensors.index.json`; absent where one file holds everything. */
  index?: string;
  dropped: readonly DroppedTensor[];
  heads: readonly KeptHead[];
  /** For a method whose result is a folder from which each task's model is rebuilt; absent: one plain model. */
  tasks?: readonly PlannedTask[];
  warnings: readonly string[];
  /** Index into `inputs` of the model whose config, tokenizer and other files go with the result. */
  donor: number;
  /** What changes in the donor's config.json. */
  config: Readonly<Record<string, unknown>>;
  /** Metadata of the output files' headers. */
  metadata: Readonly<Record<string, string>>;
  totals: {
    /** Scalars of the output. */
    parameters: number;
    readBytes: number;
    writeBytes: number;
    /** Times that the merged tensors are read. */
    passes: number;
    /** Bytes that sweeps over the whole model would leave for the writing, at most, where there is room for them. Absent: none. */
    noteBytes?: number;
  };
}
