import type { Metric, MetricTotals, Prediction } from '@hubfuse/plugin';
import { RunningTotals } from './running-totals.ts';

/** What is known of one candidate: answers so far, and right ones in place of those to come. */
export class Tally {
  readonly #datasets: readonly KnownAnswers[];
  readonly #scores: number[];
  #examples = 0;

  /** @param references Of each dataset. */
  constructor(metric: Metric, references: readonly (readonly Prediction[])[]) {
    const { totals } = metric;
    this.#datasets = references.map((right) =>
      totals === undefined ? new ListedAnswers(metric, right) : new CountedAnswers(totals, right),
    );
    this.#scores = this.#datasets.map((known) => known.score());
  }

  /** Examples whose answers are in. */
  get examples(): number {
    return this.#examples;
  }

  /** Takes the answers of one batch. */
  add(dataset: number, answers: readonly Answer[]): void {
    const known = this.#datasets[dataset];
    if (known === undefined) throw new RangeError(`there is no dataset ${dataset}`);
    for (const answer of answers) known.take(answer);
    this.#examples += answers.length;
    this.#scores[dataset] = known.score();
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

interface Answer {
  example: number;
  prediction: Prediction;
}

/** The answers to one dataset, right ones until others are taken. */
interface KnownAnswers {
  take(answer: Answer): void;
  score(): number;
}

/** Of a metric that is a function of all answers. */
class ListedAnswers implements KnownAnswers {
  readonly #metric: Metric;
  readonly #references: readonly Prediction[];
  readonly #predictions: Prediction[];

  constructor(metric: Metric, references: readonly Prediction[]) {
    this.#metric = metric;
    this.#references = references;
    this.#predictions = [...references];
  }

  take({ example, prediction }: Answer): void {
    this.#predictions[example] = prediction;
  }

  score(): number {
    return this.#metric.score(this.#predictions, this.#references);
  }
}

/** Of a metric that is a function of totals. */
class CountedAnswers implements KnownAnswers {
  readonly #totals: RunningTotals;
  readonly #references: readonly Prediction[];

  constructor(metric: MetricTotals, references: readonly Prediction[]) {
    this.#totals = new RunningTotals(metric);
    this.#references = references;
    for (const reference of references) this.#totals.count(reference, { reference, times: 1 });
  }

  take({ example, prediction }: Answer): void {
    const reference = this.#references[example] as Prediction;
    this.#totals.count(reference, { reference, times: -1 });
    this.#totals.count(prediction, { reference, times: 1 });
  }

  score(): number {
    return this.#totals.score();
  }
}
