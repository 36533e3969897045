import type { Dataset, EncodedDataset } from '@hubfuse/evaluate';
import type { GraphTensor, OpenableGraph } from '@hubfuse/graphs';
import type { Registry, StatisticKind, StatisticShape, Task } from '@hubfuse/plugin';
import type { StoredTensor } from '@hubfuse/tensors';

/** A model on this disk that is measured. */
export interface MeasuredModel {
  /** What messages call it. */
  name: string;
  /** Absolute path of its folder. */
  folder: string;
  config: Readonly<Record<string, unknown>>;
  /** By stored name. */
  tensors: ReadonlyMap<string, StoredTensor>;
  registry: Registry;
}

/**
 * How an output of one run enters the float64 sums of an entry. `upper`: a block of a symmetric matrix, of which the part
 * on and above the diagonal is added; `sum`: added as it is; `squares`: its squares are added; `row-squares`: rows of a matrix,
 * each with its index: those of equal index are summed first, and the squares of the sums are added.
 */
export type Contribution =
  | {
      rule: 'upper';
      output: string;
      /** Of the whole matrix. */
      width: number;
      firstRow: number;
      rows: number;
      firstColumn: number;
      columns: number;
    }
  | { rule: 'sum'; output: string }
  | { rule: 'squares'; output: string }
  | { rule: 'row-squares'; output: string; indices: string; width: number };

/** One statistic that is gathered as a whole: one key of the file. */
export interface MeasuredEntry {
  key: string;
  /** Other keys for which the same values hold. */
  aliases: readonly string[];
  /** As it is stored. */
  shape: StatisticShape['shape'];
  /** Float64 sums that it takes while it is gathered. */
  elements: number;
  /** Bytes that onnxruntime's outputs for it take in one run. */
  outputBytes: number;
  contributions: readonly Contribution[];
  /** Output that counts the rows of a run; absent: the run says so itself. */
  rows?: string;
}

/** One run of the model over some examples. */
export interface RunFeeds {
  feeds: Readonly<Record<string, GraphTensor>>;
  /** Examples in it. */
  examples: number;
  /** Rows that it counts as, for entries whose rows no output counts. Default 1. */
  rows?: number;
}

/** The examples that a model is measured on. */
export interface MeasuringData {
  encoded: EncodedDataset;
  /** Label names in the order of the model's logits. */
  labels: readonly string[];
  dataset: Dataset;
  task: Task;
}

/** What is gathered of one model. */
export interface Measurement {
  /** In the order of the model's graph: the first entries need its first layers only. */
  entries: readonly MeasuredEntry[];
  /** Bytes that one run's own values take at most, beside weights and outputs. */
  runBytes: number;
  /** Weights that a session holds in the order in which products read them, once for every such order. */
  packedWeights: number;
  /** Floating-point operations per token of a pass over all entries. */
  operationsPerToken: number;
  /** The graph whose outputs are those of the entries with these keys. */
  graph(keys: readonly string[]): Promise<OpenableGraph>;
}

/** How a kind of statistics is gathered. One file per kind, in `measures/`. */
export interface Measure {
  kind: StatisticKind;
  /** Its variants, the default first. */
  variants: readonly string[];
  /**
   * Says from headers alone what there is to gather.
   * @param options.maxLength the longest input, in tokens, as far as it is known: the model may allow less
   * @throws GraphError where there is no graph of the model
   */
  measure(model: MeasuredModel, options: { variant: string; maxLength?: number | undefined }): Measurement;
  /**
   * The runs over a dataset, in a fixed order that depends on the data alone.
   * @throws EvaluationError, StatisticsError where the data lack what the variant needs
   */
  runs(data: MeasuringData, variant: string): RunSequence;
}

/** Runs that are made when they are due, so that not all inputs lie in memory at once. */
export interface RunSequence {
  length: number;
  at(index: number): RunFeeds;
}
