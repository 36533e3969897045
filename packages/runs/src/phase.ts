import type { HubOptions } from '@hubfuse/hub';
import type { RunLimits } from '@hubfuse/recipe';
import type { CostEstimate } from './cost/estimate-cost.ts';
import type { ExecutionOptions } from './execution.ts';
import type { ModelFolder } from './model-folder.ts';
import type { Artefact, RunSpec } from './run.ts';
import type { RunEventBody, RunProgress } from './run-event.ts';

/** The phases that come with hubfuse, in their order. */
export const PHASES = [
  'resolve',
  'fetch',
  'gather',
  'search',
  'merge',
  'evaluate',
  'gate',
  'assemble',
  'publish',
] as const;

export type PhaseName = (typeof PHASES)[number];

/** What a phase sees of the run. */
export interface PhaseContext {
  spec: RunSpec;
  /** Its `store` is written to only while this execution owns the run. */
  execution: ExecutionOptions;
  /** Hub access with the run's address, signal and progress. */
  hub: HubOptions;
  /** Where the model is built and where it appears; the building place is this execution's alone. */
  folder: ModelFolder;
  /** Somebody wants the model published whatever the gate says. */
  publishAnyway: boolean;
  /** What the run may spend. */
  limits: RunLimits;
  /** Awaited before what is written elsewhere than through `execution.store` and `hub`, which do so by themselves. */
  confirm(): Promise<void>;
  /** Whether the run has worked for as long as it may, or costs what it may with what follows: a search ends then. */
  isOutOfTime(): boolean;
  /** Keeps what the run is expected to cost. @throws ResourceError `run/usd-limit` where that is more than it may */
  expectCost(estimate: CostEstimate): Promise<void>;
  /** Adds what the run has cost beside the time of its machine. */
  spend(usd: number): Promise<void>;
  /** Aborted where the run is cancelled; its reason is the error to throw. */
  signal: AbortSignal;
  event(body: RunEventBody): Promise<void>;
  progress(progress: Omit<RunProgress, 'phase'>): void;
  /** Records something that the phase made; the same name again replaces it. */
  artefact(artefact: Artefact): Promise<void>;
  /** The output of a phase that is done. The type is the caller's claim. @throws RunError where it is not done. */
  output<T>(phase: PhaseName): T;
}

export interface PhaseResult {
  /** Plain data that later phases and a resumed run read. */
  output?: unknown;
  /** The phases that follow, in the place of those planned so far. */
  next?: readonly PhaseName[];
}

/**
 * One step of a run. It may be killed anywhere and is then run again from its start, so it finds and keeps what it made
 * before instead of making it twice.
 */
export interface Phase {
  name: PhaseName;
  run(context: PhaseContext): Promise<PhaseResult>;
  /**
   * Whether what a done phase left on the disk is there, so that its output still holds: a run may go on at another machine.
   * Where it is not, this phase and all behind it are run again. Absent: its output needs no disk.
   */
  stands?(context: PhaseContext): Promise<boolean>;
}
