import type { Metric, Prediction } from '@hubfuse/plugin';

/** What is known of one candidate: answers so far, and right ones in place of those to come. */
export class Tally {
  readonly #metric: Metric;
  readonly #datasets: readonly { references: readonly Prediction[]; predictions: Prediction[] }[];
  readonly #scores: number[];
  #examples = 0;

  /** @param references Of each dataset. */
  constructor(metric: Metric, references: readonly (readonly Prediction[])[]) {
    this.#metric = metric;
    this.#datasets = references.map((right) => ({ references: right, predictions: [...right] }));
    this.#scores = this.#datasets.map(({ predictions, references: right }) => metric.score(predictions, right));
  }

  /** Examples whose answers are in. */
  get examples(): number {
    return this.#examples;
  }

  /** Takes the answers of one batch. */
  add(dataset: number, answers: readonly { example: number; prediction: Prediction }[]): void {
    const known = this.#datasets[dataset];
    if (known === undefined) throw new RangeError(`there is no dataset ${dataset}`);
    for (const { example, prediction } of answers) known.predictions[example] = prediction;
    this.#examples += answers.length;
    this.#scores[dataset] = this.#metric.score(known.predictions, known.references);
  }

  /** By dataset: the score once all answers are in; before, the highest that a monotone metric can still give. */
  get scores(): readonly number[] {
    return this.#scores;
  }

  /** The plain mean of `scores`. */
  get mean(): number {
    return this.#scores.reduce((sum, score) => sum + score, 0) / this.#scores.length;
  }
}
