import type { Dataset, RaceBatches, ScoringEnvironment, Verdict } from '@hubfuse/evaluate';
import type { Genealogy, MergePlan } from '@hubfuse/merge';
import type { Registry } from '@hubfuse/plugin';

export interface ArenaOptions {
  registry: Registry;
  /** The plan that candidates are built by, or the first of several that differ in parameters alone. */
  plan: MergePlan;
  /** Local folder of each input, in the order of `plan.inputs`. */
  folders: readonly string[];
  /** Local folder of each statistics file, in the order of `plan.statistics`. */
  statistics?: readonly string[] | undefined;
  /** Folder with config.json and tokenizer of the result (the donor's, with the plan's changes). */
  family: string;
  /** Name of a task. */
  task: string;
  /** Name of a metric. Default: the task's. */
  metric?: string | undefined;
  /** Development data. */
  datasets: readonly Dataset[];
  /** Threads for building and for scoring. Default: the processors available. */
  workers?: number | undefined;
  /** Bytes that building, candidates in memory and sessions may take together. Default 1 GiB. */
  memory?: number | undefined;
  /** Folder for candidates and states that do not fit into memory. Default: the system's. */
  scratch?: string | undefined;
  maxLength?: number | undefined;
  batchTokens?: number | undefined;
}

/** A candidate: a plan's result, over a population that has evolved or over the original models. */
export interface Candidate {
  plan: MergePlan;
  genealogy?: Genealogy | undefined;
}

/** Builds candidates that never become files of the result, and races them. */
export interface Arena {
  readonly environment: ScoringEnvironment;
  /** False where the metric has no sound bound, so that every candidate is scored in full. */
  readonly bounded: boolean;
  /** Composes the batches from the initial candidates: once per search, to be stored with it. */
  compose(initial: readonly Candidate[], options?: { signal?: AbortSignal | undefined }): Promise<RaceBatches>;
  /** Takes stored batches. */
  use(batches: RaceBatches): void;
  /** Builds and scores. Works as a `Judge` through a closure over the plan. */
  judge(
    candidate: Candidate,
    options: { bar?: number | undefined; signal?: AbortSignal | undefined },
  ): Promise<Verdict>;
  /** Where the time went, in seconds since it was opened. */
  readonly times: { build: number; load: number; score: number };
  /** Ends threads, removes scratch files. */
  close(): Promise<void>;
}
