import type { Metric, Prediction, Task } from '@hubfuse/plugin';
import { labelShare } from '../metrics/accuracy.ts';
import { randomWords } from '../random-words.ts';
import type { PlannedDataset } from '../scoring.ts';
import { predictionOf, referencesOf } from '../summarise.ts';
import { calibrate } from './calibrate.ts';
import { labelledLogits, possibleAnswers } from './possible-answers.ts';
import { RunningTotals } from './running-totals.ts';

/**
 * What each example is expected to cost the score of its dataset: how much higher the score were with the right answer to it
 * than with those that a model may give, by their probabilities, all other answers being the model's; averaged over the models.
 * It is the metric that says what an answer costs: one of few examples costs more than one of many, a span that is missed more
 * than one too many. Under a metric that is no function of totals every wrong label costs the same.
 * @param models One scored plan of the same dataset for each model, logits kept.
 */
export function expectedCosts(
  models: readonly PlannedDataset[],
  { task, metric }: { task: Task; metric: Metric },
): Float64Array {
  const [first] = models;
  const means = new Float64Array(first?.dataset.examples.length ?? 0);
  for (const planned of models) {
    for (const [index, cost] of costsOf(planned, { task, metric }).entries()) {
      means[index] = (means[index] ?? 0) + cost / models.length;
    }
  }
  return means;
}

/** The same for one model. */
function costsOf(planned: PlannedDataset, { task, metric }: { task: Task; metric: Metric }): number[] {
  const random = randomWords(planned.dataset.name);
  const factor = calibrate(planned.dataset.examples.flatMap((_, index) => labelledLogits(planned, index)));
  const totals = new RunningTotals(metric.totals ?? labelShare);
  const examples = referencesOf(planned, task).map((reference, index) => {
    const given = predictionOf(planned, task, index);
    totals.count(given, { reference, times: 1 });
    return { reference, given };
  });
  return examples.map(({ reference, given }, index) => {
    totals.count(given, { reference, times: -1 });
    const scoreWith = (answer: Prediction): number => {
      totals.count(answer, { reference, times: 1 });
      const score = totals.score();
      totals.count(answer, { reference, times: -1 });
      return score;
    };
    const right = scoreWith(reference);
    let cost = 0;
    for (const { answer, probability } of possibleAnswers(planned, { index, given, factor, random })) {
      cost += probability * (right - scoreWith(answer));
    }
    totals.count(given, { reference, times: 1 });
    return cost;
  });
}
