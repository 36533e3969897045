import type { MetricTotals, Prediction } from '@hubfuse/plugin';

/** A score that is a function of totals, while answers come and go: what a change costs does not depend on how many there are. */
export class RunningTotals {
  readonly #metric: MetricTotals;
  readonly #totals = new Map<string, number[]>();

  constructor(metric: MetricTotals) {
    this.#metric = metric;
  }

  /** Counts an answer, or takes one back that was counted. */
  count(prediction: Prediction, { reference, times }: { reference: Prediction; times: 1 | -1 }): void {
    for (const [group, values] of this.#metric.of(prediction, reference)) {
      const total = this.#totals.get(group) ?? values.map(() => 0);
      for (const [place, value] of values.entries()) total[place] = (total[place] ?? 0) + times * value;
      this.#totals.set(group, total);
    }
  }

  score(): number {
    return this.#metric.score(this.#totals);
  }
}
