import type { Registry, TaskExample } from '@hubfuse/plugin';

/** Where the bytes of a dataset file are: a local path, or bytes with the name that says the format. */
export type DatasetSource = { path: string } | { bytes: Uint8Array; name: string };

export interface LoadDatasetOptions {
  /** What scores are reported under. */
  name: string;
  source: DatasetSource;
  /** Name of the task that reads the rows, e.g. `text-classification`. */
  task: string;
  /** Name of a reader; default: by the file name's ending. */
  reader?: string | undefined;
  /** Column names by role (`{text: 'utterance'}`); default: the task's. */
  columns?: Readonly<Record<string, string>> | undefined;
  /**
   * Which rows: a value of the column `split`, a slice of rows, or both, as the Hub's datasets library writes it:
   * `validation`, `[:500]`, `[10%:20%]`, `validation[:10%]`. Default: all.
   */
  split?: string | undefined;
  /** At most so many examples: the first ones, or with `seed` a sample drawn without replacement. Default: all. */
  limit?: number | undefined;
  /** Seed of the sample (an integer of at most 53 bits). */
  seed?: number | undefined;
  /** `out` keeps the dataset out of the mean. Default `in`. */
  domain?: 'in' | 'out' | undefined;
  /** The head of a merge with several heads that answers this dataset. Default: the one whose labels cover its own. */
  head?: string | undefined;
  registry: Registry;
}

/** A dataset in memory, its rows read as a task understands them. */
export interface Dataset {
  name: string;
  task: string;
  /** The file's name, for messages. */
  where: string;
  examples: readonly TaskExample[];
  /** Names behind integer labels, where the file states them. */
  classNames?: readonly string[];
  domain: 'in' | 'out';
  head?: string;
}
