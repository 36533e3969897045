/** One labelled example of a dataset, columns already mapped. */
export type Example = Readonly<Record<string, unknown>>;

/** Reads rows from the bytes of one file. One file per format. */
export interface DatasetReader {
  kind: 'reader';
  /** `jsonl`, `csv`, `parquet`, `conll`. */
  name: string;
  /** File name endings that it takes, with the dot. */
  extensions: readonly string[];
  read(bytes: Uint8Array, where: string): Promise<Example[]>;
}

/** A score over a whole dataset. */
export interface Metric {
  kind: 'metric';
  /** `accuracy`, `macro_f1`, `micro_f1`, `matthews`, `f1` (spans). */
  name: string;
  /** Names of the tasks that it can score. */
  tasks: readonly string[];
  /** Score as a fraction (0 to 1; Matthews -1 to 1) from one prediction and one reference per example. */
  score(predictions: readonly unknown[], references: readonly unknown[]): number;
}

/** What a model is asked to do: how an example becomes inputs and logits become a prediction. */
export interface Task {
  kind: 'task';
  /** `text-classification`, `token-classification`: the Hub's pipeline tags. */
  name: string;
  /** Default metric. */
  metric: string;
  /** Column names by role and their defaults (`text: 'text'`, `label: 'label'`). */
  columns: Readonly<Record<string, string>>;
  /**
   * The rest of the contract (encode, predict, reference) belongs to `@hubfuse/evaluate`; this floor only carries it.
   */
  implementation: unknown;
}
