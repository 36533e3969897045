import type { LayerNote } from '../execute/linear-tensor.ts';

/** What one process does for a merge that several share. Plain data (structured clone). */
export type MergeTask =
  | {
      kind: 'sweep';
      /** Index of the part, and how many parts the merge was to have. */
      part: number;
      parts: number;
      /** Index of the sweep, and its state in this pass. */
      sweep: number;
      state: unknown;
      /** Whether this pass takes a sample of the blocks. */
      sampled: boolean;
    }
  | {
      kind: 'write';
      part: number;
      parts: number;
      /** Results of the sweeps over the whole model. */
      results: readonly unknown[];
    };

/** Partials of the runs of a part in their order; one for all of them where the sweep is exact. */
export interface SweptPart {
  partials: readonly unknown[];
}

/** What a part that was written is. Its bytes follow one upon another in the order of its ranges. */
export interface WrittenPart {
  /** Bytes. */
  size: number;
  sha256: string;
  layers: readonly LayerNote[];
}

/** Those who share a merge. Whoever does a task, the outcome is the same. */
export interface MergeCrew {
  /** Has a task done, or finds what was made of it before. `name` tells it from all others of the merge. */
  sweep(name: string, task: MergeTask): Promise<void>;
  /** What a sweep of a part came to. */
  swept(name: string, task: MergeTask): Promise<SweptPart>;
  write(name: string, task: MergeTask): Promise<WrittenPart>;
  /** The bytes of a part that was written. */
  read(name: string): Promise<AsyncIterable<Uint8Array>>;
}
