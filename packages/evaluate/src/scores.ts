import type { Prediction } from '@hubfuse/plugin';

/** The score of one model on one dataset. */
export interface DatasetScore {
  /** The metric's value as a fraction. */
  score: number;
  /** Number of examples that were scored. */
  examples: number;
  domain: 'in' | 'out';
  /** Labels of the dataset that the model does not know, with the number of their occurrences: counted as wrong. */
  unknownLabels: Readonly<Record<string, number>>;
  /** Examples whose text was longer than the model's longest input. */
  cut: number;
  /** The head of a merge with several heads that answered. */
  head?: string;
  /** In the dataset's order, where `keepExamples` asked for it. */
  perExample?: readonly ExampleResult[];
}

/** What a model said about one example. */
export interface ExampleResult {
  prediction: Prediction;
  reference: Prediction;
  /**
   * Logits in the order of the model's labels: one row for a text, one for each word (zeros where no token answers),
   * row by row. The mean over the members of an ensemble. Where `keepLogits` asked for them.
   */
  logits?: Float32Array;
}

/** Where scores were computed: the same kind of processor and the same provider give the same bits. */
export interface ScoringEnvironment {
  /** onnxruntime's execution provider. */
  provider: string;
  /** Model name of the processor, or of the graphics processor where its driver tells it. */
  processor: string;
  /** `linux-x64` and the like. */
  platform: string;
  /** Version of onnxruntime-node. */
  onnxruntime: string;
}

/** The scores of one model (or ensemble) on all datasets. */
export interface Scores {
  task: string;
  metric: string;
  /** By the dataset's name, in the order given. */
  datasets: Readonly<Record<string, DatasetScore>>;
  /** Plain mean over the in-domain datasets. */
  mean: number;
  /** Plain mean over the out-of-domain datasets, where there are any. */
  outOfDomainMean?: number;
  warnings: readonly string[];
  environment: ScoringEnvironment;
  /**
   * The members of an ensemble in its order, to the bit as each scores alone but without logits, where `eachMember` asked
   * for them; undefined for a member whose tokens or label names are not those of the first: it has to be scored alone.
   */
  members?: readonly (Scores | undefined)[];
  /** Of an ensemble: the answers of most of its members, from the same runs of the models; among equals the mean decides. */
  majority?: Scores;
}
