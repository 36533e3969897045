import type { RisingBar, ScoringEnvironment, Verdict } from '@hubfuse/evaluate';
import type { EvolutionStep } from '@hubfuse/merge';
import type { ExamplesByOutcome } from './examples-by-outcome.ts';

/** When a search ends, whichever comes first; it ends cleanly with the best so far. */
export interface SearchBudget {
  /** Generations. */
  generations?: number | undefined;
  /** Candidates that are scored, the initial ones included. */
  evaluations?: number | undefined;
  /** Examples that are scored. */
  examples?: number | undefined;
  /** Seconds of wall time, those before a resumption included. */
  seconds?: number | undefined;
}

/** Why a search ended. `converged`: CMA-ES may not restart and has nothing left to try. */
export type SearchEnd = keyof SearchBudget | 'converged';

/** What was spent, that before a resumption included. */
export interface SearchSpending {
  evaluations: number;
  /** Examples that the decisions rest on. */
  examples: number;
  /** Examples that scoring every candidate in full would have taken. */
  examplesInFull: number;
  seconds: number;
}

/** Scores one candidate against a bar; with none, to the end. */
export type Judge<Subject> = (subject: Subject, options: JudgeOptions) => Promise<Verdict>;

export interface JudgeOptions {
  /** What must be beaten, as far as it is known yet. */
  bar?: number | undefined;
  /** The same while it may still rise: the verdict is that against the settled bar. Given where `parallel` is above 1. */
  rising?: RisingBar | undefined;
  signal?: AbortSignal | undefined;
}

/** Where a search keeps its state. Both texts are JSON of some kilobytes. */
export interface SearchStore {
  /** The text that was saved last; undefined where there is none. */
  load(): Promise<string | undefined>;
  /**
   * Replaces it; durable when the promise resolves.
   * @throws where another process has saved in between (compare-and-swap)
   */
  save(text: string): Promise<void>;
}

/** What both kinds of search are told. */
export interface SearchSetting<Subject> {
  judge: Judge<Subject>;
  /** Candidates of a synchronous generation that the judge may be given at once. Default 1. Decisions are the same for any number. */
  parallel?: number | undefined;
  store: SearchStore;
  /** Digest of everything that decides (models with revisions, recipe, data, seed, batches): a checkpoint of another one is refused. */
  identity: string;
  /** Where scores are computed; recorded, and compared on resuming. */
  environment: ScoringEnvironment;
  /** Resume on another kind of processor: later scores may differ in their last bits. */
  allowOtherProcessor?: boolean | undefined;
  budget?: SearchBudget | undefined;
  /** Whether the time of whatever the search is a part of is over: it ends as by its own budget of seconds. */
  isOutOfTime?: (() => boolean) | undefined;
  /** Replay the stored decisions and score nothing: the search must have ended. */
  replay?: boolean | undefined;
  onEvent?: ((event: SearchEvent) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** A model or point that the search starts from. */
export interface InitialRecord {
  /** Name of the model; `merged` for what the method makes of the originals; `start` for coefficients. */
  name: string;
  verdict: Verdict;
  seconds: number;
}

/** One decision. Everything but `seconds` is the same for any number of workers. */
export interface CandidateRecord {
  /** Counted from 0. */
  number: number;
  /** Counted from 0. */
  generation: number;
  /** What was tried: a step of an evolution or values of the coefficients in the order of the dimensions. */
  step?: EvolutionStep;
  point?: readonly number[];
  /** What had to be beaten; absent where the candidate was scored to the end whatever it was. */
  bar?: number;
  verdict: Verdict;
  /** Whether it took its parent's place (evolution) or is the best so far (coefficients). */
  accepted: boolean;
  /** Synchronous generations around a merger: a later child of the generation was better and took the place instead. */
  superseded?: true;
  /** Time from proposing to deciding. */
  seconds: number;
}

/** The checkpoint: plain JSON, written after every decision. */
export interface SearchState {
  version: 1;
  kind: 'evolution' | 'coefficients';
  identity: string;
  environment: ScoringEnvironment;
  /** Other kinds of processor that it was resumed on, in order. */
  otherEnvironments?: ScoringEnvironment[];
  initial: InitialRecord[];
  candidates: CandidateRecord[];
  spent: SearchSpending;
  /** Present once the search has ended. */
  ended?: SearchEnd;
}

export type SearchEvent =
  | { type: 'resumed'; decisions: number; otherProcessor?: ScoringEnvironment }
  | { type: 'initial'; record: InitialRecord; spent: SearchSpending }
  | {
      type: 'candidate';
      record: CandidateRecord;
      /** Best score so far. */
      best: number;
      /** Mean score of the population; of the generation so far for coefficients. */
      mean: number;
      spent: SearchSpending;
    }
  | {
      type: 'ended';
      reason: SearchEnd;
      best: number;
      spent: SearchSpending;
      /** Examples that accepted and rejected candidates were scored on, apart. */
      examples: ExamplesByOutcome;
    };

/** How the search went. Plain JSON. */
export interface SearchReport {
  ended: SearchEnd;
  best: {
    /** Plain mean over the development datasets. */
    score: number;
    datasets: Readonly<Record<string, number>>;
    /** Number of the candidate; absent where nothing beat the start. */
    candidate?: number;
  };
  initial: readonly InitialRecord[];
  candidates: readonly CandidateRecord[];
  spent: SearchSpending;
  environment: ScoringEnvironment;
  /** Other kinds of processor that it was resumed on, in order. */
  otherEnvironments?: readonly ScoringEnvironment[];
}
