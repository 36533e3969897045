import type { Device, Registry } from '@hubfuse/plugin';
import type { Dataset } from '../dataset.ts';
import type { ModelInput } from '../scorer-types.ts';
import type { ScoringEnvironment } from '../scores.ts';
import type { RisingBar } from './rising-bar.ts';

export interface RaceOptions {
  registry: Registry;
  /** Name of a task. */
  task: string;
  /** Name of a metric. Default: the task's. */
  metric?: string | undefined;
  /** Development data. The aggregate is the plain mean over those in domain; others are left out. */
  datasets: readonly Dataset[];
  /** Worker threads, each with one session. Default: the processors available, at most 8. Decisions are the same for any number. */
  workers?: number | undefined;
  /** Where sessions compute; other than on processors it is one session at a time. Default `cpu`. */
  device?: Device | undefined;
  /** Bytes that the weights in all workers may take. Default: no limit. */
  memory?: number | undefined;
  /** Seconds after which one batch, or the loading of a model, counts as hung. Default 300. */
  timeout?: number | undefined;
  /** Longest input in tokens. Default: what config and tokenizer allow, at most 512. */
  maxLength?: number | undefined;
  /** Tokens in one batch, padding included. Part of what fixes the bits. Default 512. */
  batchTokens?: number | undefined;
}

/**
 * The batches of one search, in the order in which they are scored. They are composed once and stored with the search:
 * the rows of a matrix product may round differently in another batch. Plain JSON.
 */
export interface RaceBatches {
  version: 1;
  /** Names and sizes of the datasets that the batches were composed for. */
  datasets: readonly { name: string; examples: number }[];
  batches: readonly RaceBatch[];
}

export interface RaceBatch {
  /** Index into `datasets`. */
  dataset: number;
  /** Indices of its examples. */
  examples: readonly number[];
}

/** What became of one candidate. */
export interface Verdict {
  /** Whether its score is strictly above the bar; true where there was no bar. */
  accepted: boolean;
  /** Plain mean over the datasets, as a fraction. Absent where the candidate was rejected before the end. */
  score?: number;
  /** By dataset, where the candidate was scored to the end. */
  datasets?: Readonly<Record<string, number>>;
  /** The most that its score could still have been when it was rejected. */
  bound?: number;
  /** Why the candidate could not be scored (weights or logits that are not finite): it counts as rejected. */
  failure?: string;
  /** Examples whose answers the decision rests on: the same for any number of workers. */
  examples: number;
  /** Examples in all datasets. */
  total: number;
}

/** What was known when the answers of so many examples were in. */
export interface Standing {
  examples: number;
  /** The score, or the most that it could still become. */
  mean: number;
  /** The same by dataset. */
  scores: readonly number[];
}

/**
 * How a candidate came to stand, batch by batch: enough to tell the verdict on it against any bar that is not below the one that it
 * was raced against. Plain JSON.
 */
export interface RaceTrace {
  /** Whether it may be rejected by an earlier standing than the last one. */
  bounded: boolean;
  standings: readonly Standing[];
  /** Names of the datasets, in the order of `Standing.scores`. */
  datasets: readonly string[];
  /** Examples in all datasets. */
  total: number;
  /** What kept it from being scored behind its last standing. */
  failure?: string;
}

/** Scores candidates of one family against a bar, on the same batches in the same order. */
export interface Race {
  /** Whether right answers to all remaining examples bound the metric from above; otherwise all is scored in full. */
  readonly bounded: boolean;
  /** Name of the metric. */
  readonly metric: string;
  readonly environment: ScoringEnvironment;
  /**
   * Composes the batches from what the initial population answers: hardest and most disputed examples together and
   * first. A model is done with when the next one is asked for.
   */
  compose(
    initial: AsyncIterable<ModelInput> | Iterable<ModelInput>,
    options?: { signal?: AbortSignal | undefined },
  ): Promise<RaceBatches>;
  /** Takes batches that were composed before. @throws EvaluationError where they are of other data. */
  use(batches: RaceBatches): void;
  /**
   * Scores a candidate. With a bar it is rejected as soon as it can no longer score strictly higher; otherwise it is scored
   * to the end. Several candidates may run side by side: each has the verdict that it would have alone.
   * @param options.bar A bar that may still rise: the verdict waits until it is settled, and is that against the settled bar.
   * @param options.full Score to the end whatever the bar (for comparisons).
   * @param options.onClosed Called once when nobody reads the candidate's files any more; the verdict may come before that. Absent:
   *   it comes after.
   */
  run(
    candidate: ModelInput,
    options?: {
      bar?: number | RisingBar | undefined;
      full?: boolean;
      signal?: AbortSignal | undefined;
      onClosed?: (() => void) | undefined;
    },
  ): Promise<Verdict>;
  /**
   * Scores a candidate as far as `run` would against the bar as it stands, and waits for no verdict: that is what `verdictOf`
   * tells. `cause` is the trace's failure.
   */
  trace(
    candidate: ModelInput,
    options?: {
      bar?: RisingBar | undefined;
      signal?: AbortSignal | undefined;
      onClosed?: (() => void) | undefined;
    },
  ): Promise<{ trace: RaceTrace; cause?: unknown }>;
  /** Processor time that the threads have taken since it was opened for opening sessions and for running batches. */
  readonly seconds: { load: number; run: number };
  /** Ends the workers. */
  close(): Promise<void>;
}
