import type { Device, Registry } from '@hubfuse/plugin';
import type { Dataset } from './dataset.ts';
import type { Scores } from './scores.ts';

/**
 * A model to score: a Hub folder (config.json, tokenizer.json, model.safetensors or shards), or its parts where the
 * weights never become a published file.
 */
export type ModelInput = ModelFolder | ModelParts;

export interface ModelFolder {
  /** Absolute or relative path. */
  folder: string;
  /** What messages call the model. Default: the folder. */
  name?: string;
}

/** Weights and what surrounds them, from different places. */
export interface ModelParts {
  /** Folder with config.json and tokenizer files: that of any model of the family. */
  family: string;
  /** Folder with the safetensors file or shards; /dev/shm keeps them off the disk. */
  weights: string;
}

/**
 * Several models that answer together: by the mean of their raw logits, each label over the members that know it, and by
 * the majority of their answers (`Scores.majority`).
 */
export interface EnsembleInput {
  ensemble: readonly ModelInput[];
}

export interface ScorerOptions {
  registry: Registry;
  /** Worker threads, each with one session of one thread. Default: the processors available, at most 8. */
  workers?: number | undefined;
  /** Where sessions compute; other than on processors it is one session at a time. Default `cpu`. */
  device?: Device | undefined;
  /**
   * Bytes that the weights in all workers may take: fewer workers score a large model, at least one. Scores do not depend
   * on it. Default: no limit.
   */
  memory?: number | undefined;
  /** Seconds after which one batch, or the loading of a model, counts as hung. Default 300. */
  timeout?: number | undefined;
}

export interface ScoreOptions {
  model: ModelInput | EnsembleInput;
  /** Name of a task. */
  task: string;
  /** Name of a metric. Default: the task's. */
  metric?: string | undefined;
  datasets: readonly Dataset[];
  /** Longest input in tokens. Default: what config and tokenizer allow, at most 512. */
  maxLength?: number | undefined;
  /** Tokens in one batch, padding included. Part of what fixes the bits. Default 512. */
  batchTokens?: number | undefined;
  /** Keep prediction and reference of every example. Default false. */
  keepExamples?: boolean | undefined;
  /** Keep the logits of every example too. Default false. */
  keepLogits?: boolean | undefined;
  /**
   * For an ensemble: score each of its members too, from the same runs of the models, as `Scores.members`. Default false.
   */
  eachMember?: boolean | undefined;
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: ScoreProgress) => void) | undefined;
}

export interface ScoreProgress {
  phase: 'tokenize' | 'score';
  dataset: string;
  /** Examples. */
  done: number;
  total: number;
}

/**
 * Worker threads that score one model after another. Tokenised datasets are kept as long as the `Dataset` object
 * lives, so that many merges of one family are tokenised once.
 */
export interface Scorer {
  /** @throws EvaluationError; an aborted `signal` rejects with its reason. */
  score(options: ScoreOptions): Promise<Scores>;
  /** Ends the workers. */
  close(): Promise<void>;
}
