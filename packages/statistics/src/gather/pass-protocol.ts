import type { GraphTensor } from '@hubfuse/graphs';
import type { MeasuredEntry } from '../measure.ts';
import type { StorageType } from './store-means.ts';

/** An entry and where its sums stand in the shared memory of a pass. */
export type PlacedEntry = Pick<MeasuredEntry, 'contributions' | 'rows' | 'elements'> & {
  /** First float64 of its sums. */
  offset: number;
};

/** What every worker of a pass is started with. */
export interface PassStart {
  /** What messages call the model. */
  name: string;
  model: Uint8Array;
  sessionOptions: Readonly<Record<string, unknown>>;
  entries: readonly PlacedEntry[];
  /** Float64: the sums of all entries. */
  sums: SharedArrayBuffer;
  /** Float64 per entry: rows so far. */
  rows: SharedArrayBuffer;
  /** Int32 per entry: the run whose outputs are added next. */
  turns: SharedArrayBuffer;
}

/** One run, or, when all runs have been added, what is stored of an entry. */
export type PassJob = RunJob | StoreJob;

export interface RunJob {
  kind: 'run';
  index: number;
  feeds: Readonly<Record<string, GraphTensor>>;
  /** Rows that it counts as, for entries whose rows no output counts. */
  rows: number;
}

export interface StoreJob {
  kind: 'store';
  /** Place of the entry. */
  entry: number;
  dtype: StorageType;
}
