import type { Genealogy } from '../evolution/genealogy.ts';
import type { MergePlan } from '../plan/merge-plan.ts';

/** Room for rows that a worker keeps. */
export interface KeptRoom {
  bytes: number;
  /** Rows of one piece of a tensor, at most. */
  versions: number;
  /** Values for each element that a sweep may leave to what is written. */
  notes: number;
}

/** What a worker thread needs to know of a merge before it takes parts of it. Plain data. */
export interface MergeAssignment {
  /** URL of the module that holds the plan's method. */
  module: string;
  plan: MergePlan;
  genealogy?: Genealogy | undefined;
  /** Folder of each input. */
  folders: readonly string[];
  /** Folder of each statistics file. */
  statistics: readonly string[];
  /** Folder of the outputs, and their present names in the order of the plan. */
  out: string;
  files: readonly string[];
  /** Bytes that a worker may keep of one tensor between sweeps. */
  residentBytes: number;
  /** Room for rows that a worker keeps from one merge to the next, the same in all merges; absent: none are. */
  kept?: KeptRoom | undefined;
  /** Bytes for what sweeps leave of blocks where no rows are kept. Default 0. */
  noteBytes?: number | undefined;
}
