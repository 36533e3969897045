/** One row of a dataset file as its format gives it: column name to value. */
export type Example = Readonly<Record<string, unknown>>;

/** What a reader finds in one file. */
export interface DatasetRows {
  rows: Example[];
  /** Names behind integer columns, by column, where the file states them (the Hub's `ClassLabel` features). */
  classNames?: Readonly<Record<string, readonly string[]>>;
}

/** Reads rows from the bytes of one file. One file per format. */
export interface DatasetReader {
  kind: 'reader';
  /** `jsonl`, `csv`, `parquet`, `conll`. */
  name: string;
  /** File name endings that it takes, with the dot, in lower case. */
  extensions: readonly string[];
  /**
   * @param where Name of the file for messages.
   * @throws EvaluationError that names the file and the line (or row) where it is malformed.
   */
  read(bytes: Uint8Array, where: string): Promise<DatasetRows>;
}

/** A score over a whole dataset. */
export interface Metric {
  kind: 'metric';
  /** `accuracy`, `exact_match`, `macro_f1`, `micro_f1`, `matthews`, `f1` (spans). */
  name: string;
  /** Names of the tasks that it can score. */
  tasks: readonly string[];
  /**
   * True where turning a wrong answer into the right one never lowers the score, whatever the other answers are, its last
   * bit included. Then right answers to all that is left bound the score from above, and a candidate that can no longer win
   * need not be scored to the end. Default false: candidates are scored in full.
   */
  monotone?: boolean;
  /**
   * Score as a fraction (0 to 1; Matthews -1 to 1) from one prediction and one reference per example: a label for a
   * task with `logits: 'sequence'`, a list of labels for one with `logits: 'token'`.
   */
  score(predictions: readonly Prediction[], references: readonly Prediction[]): number;
  /**
   * The same score as a function of sums over examples, where it is one. With it the interval of a difference is computed
   * from ten thousand resamples of the examples in about a second; without it from fewer ones, scored from their answers.
   */
  totals?: MetricTotals;
}

/**
 * A score whose examples add up. `score` of the sums over all examples equals `Metric.score` to the last bit. Each group
 * (a label, or `''` where there is one group only) has the same number of totals.
 */
export interface MetricTotals {
  /** What one example adds to the totals of each group that it touches: non-negative integers. */
  of(prediction: Prediction, reference: Prediction): ReadonlyMap<string, readonly number[]>;
  /** A group whose totals are all 0 is as if it were not there. */
  score(totals: ReadonlyMap<string, readonly number[]>): number;
}

/** What was said, or should have been said, about one example: label names. */
export type Prediction = string | readonly string[];

/** Token ids of one example, special tokens included, cut to the longest length as Python's tokenizers cut. */
export interface EncodedExample {
  ids: readonly number[];
  /** Segment of each token; absent: all zero. */
  typeIds?: readonly number[];
  /**
   * For each label of the example the token whose logits answer it, or -1 where no token does. A task with
   * `logits: 'sequence'` has one entry, 0.
   */
  positions: readonly number[];
  /** Tokens that did not fit. */
  cut: number;
}

/** A model's tokenizer as a task sees it: same ids as Python's `tokenizers` for the same tokenizer.json. */
export interface TaskTokenizer {
  /** A text, or a pair of texts (cut longest first). */
  encodeText(text: string, pair?: string): Omit<EncodedExample, 'positions'>;
  /** Words that are split already, each with the position of its first token. */
  encodeWords(words: readonly string[]): EncodedExample;
}

/** An example as a task understands it. Plain data (structured clone). */
export interface TaskExample<Input = unknown> {
  input: Input;
  /** What the dataset says: names, or integers that are positions. */
  labels: readonly (string | number)[];
}

/** What a model is asked to do: how a row becomes tokens and logits become labels. One file per task. */
export interface Task<Input = unknown> {
  kind: 'task';
  /** `text-classification`, `token-classification`: the Hub's pipeline tags. */
  name: string;
  /** Default metric. */
  metric: string;
  /** Default column names by role (`text: 'text'`, `label: 'label'`). */
  columns: Readonly<Record<string, string>>;
  /** Roles whose column may be absent. */
  optional: readonly string[];
  /** Role of the column that holds the labels. */
  labelRole: string;
  /** Class of transformers.js that finds the model class by `model_type`, e.g. `AutoModelForTokenClassification`. */
  autoModel: string;
  /** Shape of the output `logits`: `sequence` [batch, labels] or `token` [batch, tokens, labels]. */
  logits: 'sequence' | 'token';
  /** The label of what no token answers; absent where that cannot be. */
  unanswered?: string;
  /**
   * Takes an example from a row whose keys are roles.
   * @throws Error whose message says what is wrong with the row.
   */
  parse(row: Example): TaskExample<Input>;
  encode(input: Input, tokenizer: TaskTokenizer): EncodedExample;
}

/** Fills in `kind` and fixes the type of the input between `parse` and `encode`. */
export function defineTask<Input>(task: Omit<Task<Input>, 'kind'>): Task {
  return { kind: 'task', ...task } as unknown as Task;
}

/** Fills in `kind`. */
export function defineMetric(metric: Omit<Metric, 'kind'>): Metric {
  return { kind: 'metric', ...metric };
}

/** Fills in `kind`. */
export function defineReader(reader: Omit<DatasetReader, 'kind'>): DatasetReader {
  return { kind: 'reader', ...reader };
}
