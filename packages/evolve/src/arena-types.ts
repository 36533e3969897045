import type { Dataset, RaceBatches, RaceTrace, RisingBar, ScoringEnvironment, Verdict } from '@hubfuse/evaluate';
import type { Build, Genealogy, MergePlan } from '@hubfuse/merge';
import type { Device, Registry } from '@hubfuse/plugin';
import type { JudgeOptions } from './search-types.ts';

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
  /** Where candidates are scored. Default `cpu`. */
  device?: Device | undefined;
  /** Candidates that may be judged at once, as far as threads and memory allow. Default 1. */
  parallel?: number | undefined;
  /**
   * Bytes that building, candidates and populations in memory, and sessions may take together; one session and one building
   * thread are taken whatever it is. Default 1 GiB.
   */
  memory?: number | undefined;
  /** Folder for candidates and populations that do not fit into memory. Default: the system's. */
  scratch?: string | undefined;
  /** Makes the plans of populations that have evolved. Absent: they are the candidates' own. */
  refresh?: RefreshPlan | undefined;
  /** Ends the threads that build. */
  signal?: AbortSignal | undefined;
  maxLength?: number | undefined;
  batchTokens?: number | undefined;
}

/**
 * Makes the plan of a candidate whose individuals have changed, over statistics that are theirs. Called for one candidate at a
 * time, and done with when that one is built.
 * @param build writes one individual, by the threads and over the weights that the arena has
 */
export type RefreshPlan = (
  candidate: { plan: MergePlan; genealogy: Genealogy },
  build: (build: Build) => Promise<void>,
) => Promise<{
  plan: MergePlan;
  /** Local folder of each statistics file, in the order of `plan.statistics`. */
  statistics: readonly string[];
}>;

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
  judge(candidate: Candidate, options: JudgeOptions): Promise<Verdict>;
  /**
   * Builds and scores as far as `judge` would against the bar as it stands, and waits for no verdict: whoever asked for it tells that by
   * `verdictOf`.
   */
  trace(
    candidate: Candidate,
    options: { bar?: RisingBar | undefined; signal?: AbortSignal | undefined },
  ): Promise<RaceTrace>;
  /** Candidates that it can judge at once. */
  readonly parallel: number;
  /**
   * Seconds of processor time that its threads have taken since it was opened: for building candidates, opening sessions over
   * them and running batches.
   */
  readonly seconds: { build: number; load: number; run: number };
  /** Ends threads, removes scratch files. */
  close(): Promise<void>;
}
