import type { ModelSource } from './model.ts';

/**
 * What was measured on data with a model's weights in place: `gram`, second moments of the inputs of linear layers;
 * `fisher`, squared gradients of the log-likelihood.
 */
export type StatisticKind = 'gram' | 'fisher';

/** What statistics are called for: the part of their name that says what they are. */
export interface StatisticRequest {
  kind: StatisticKind;
  /**
   * How they were computed. `gram`: the padding rule, `mask` (padding tokens left out) or `include`. `fisher`: `hard`,
   * `soft`, `empirical` (squared gradients of batches) or `hard-example`, `soft-example`, `empirical-example`,
   * `definition` (of single examples).
   */
  variant: string;
}

/** The shape and storage of one statistic. */
export interface StatisticShape {
  dtype: 'F32' | 'BF16' | 'F64';
  /**
   * `gram`: [d (d + 1) / 2], the upper triangle row by row, or [d, d], the full matrix; d is the layer's input width.
   * `fisher`: the shape of the tensor.
   */
  shape: readonly number[];
}

/** Where a statistic lies in a safetensors file, as `StoredTensor` of `@hubfuse/tensors`. */
export interface StoredStatistic extends StatisticShape {
  /** The key. */
  name: string;
  /** Path of the file inside its source. */
  file: string;
  /** Absolute position of the first byte. */
  offset: number;
  bytes: number;
}

/** What statistics of a model hold, known before they are read, or even gathered. */
export interface StatisticsLayout extends StatisticRequest {
  /**
   * By key. `gram`: the canonical name of the linear layer, that of its weight without `.weight`. `fisher`: the
   * canonical name of the tensor.
   */
  tensors: ReadonlyMap<string, StatisticShape>;
  /** Keys that share the entry of another key: layers that read the same input. */
  aliases: ReadonlyMap<string, string>;
}

/** Where statistics come from, as the file's metadata says it. */
export interface StatisticsProvenance {
  /** Version of the format, counted from 1. */
  format: number;
  /** Hub id of the model, or what its folder is called. */
  model: string;
  /** Identity of the weights: SHA-256 of the one file, or of the shards' list (docs/statistics-format.md). */
  modelSha256: string;
  /** Commit of a Hub model. */
  revision?: string;
  /** Dataset as it was named: a file of a dataset repository, or the name of a local file. */
  dataset: string;
  /** Commit of a Hub dataset. */
  datasetRevision?: string;
  /** SHA-256 of the dataset's file. */
  datasetSha256?: string;
  split?: string;
  /** Examples that were read. */
  examples: number;
  /** SHA-256 over the tokenizer's files. */
  tokenizer: string;
  /** Longest input in tokens. */
  maxLength: number;
  /** Name of the task that read the rows. */
  task: string;
  /** hubfuse's version. */
  version: string;
  /** Largest error of a stored value against the gathered float64, relative to the largest entry of its tensor. */
  storageError: number;
}

/** A statistics file that was found and whose header was checked; its values are read later, in parts. */
export interface ModelStatistics extends StatisticsLayout {
  /** Repository or folder that holds the file. */
  source: ModelSource;
  /** The file inside the source. */
  path: string;
  /** SHA-256 of the file, 64 hexadecimal digits; absent where its Hub does not state it and it was not read yet. */
  sha256?: string;
  /** Absent for a file without hubfuse's metadata, whose model cannot be checked. */
  provenance?: StatisticsProvenance;
  tensors: ReadonlyMap<string, StoredStatistic>;
  /** Rows (tokens, examples or batches) over which the mean of each key was taken; empty where the file says nothing. */
  rows: ReadonlyMap<string, number>;
}
