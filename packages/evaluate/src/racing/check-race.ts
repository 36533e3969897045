import { EvaluationError, type Metric, type Task } from '@hubfuse/plugin';
import type { Dataset } from '../dataset.ts';
import type { RaceBatches, RaceOptions } from './race-types.ts';

/**
 * The datasets that decide: those in domain.
 * @throws EvaluationError where the metric or a dataset does not fit, or nothing is left
 */
export function checkRace({ datasets, workers }: RaceOptions, task: Task, metric: Metric): Dataset[] {
  const fail = (code: string, message: string, hint?: string): never => {
    throw new EvaluationError({ code: `evaluate/${code}`, message, hint });
  };
  if (workers !== undefined && (!Number.isInteger(workers) || workers < 1)) {
    fail('bad-workers', `the number of workers is ${workers} where a positive integer is needed`);
  }
  if (!metric.tasks.includes(task.name)) {
    fail(
      'metric-of-other-task',
      `the metric ${metric.name} is not for ${task.name}`,
      `for: ${metric.tasks.join(', ')}`,
    );
  }
  const deciding = datasets.filter(({ domain }) => domain === 'in');
  if (deciding.length === 0) {
    fail('no-development-data', 'a search needs development data in domain, and there is none', 'name a dev split');
  }
  for (const dataset of deciding) {
    if (dataset.task !== task.name)
      fail('other-task', `"${dataset.name}" was read for ${dataset.task}, not ${task.name}`);
    if (dataset.examples.length === 0) fail('no-examples', `the development split of "${dataset.name}" is empty`);
    if (dataset.examples.every(({ labels }) => labels.length === 0)) {
      fail('no-labels', `the development split of "${dataset.name}" has no labels`, 'a search compares with labels');
    }
  }
  return deciding;
}

/** @throws EvaluationError where stored batches do not hold every example of these datasets exactly once */
export function checkBatches(stored: RaceBatches, datasets: readonly Dataset[]): void {
  const fits =
    stored.version === 1 &&
    stored.datasets.length === datasets.length &&
    stored.datasets.every(
      ({ name, examples }, index) => name === datasets[index]?.name && examples === datasets[index].examples.length,
    ) &&
    datasets.every(({ examples }, index) => {
      const held = stored.batches.filter(({ dataset }) => dataset === index).flatMap((batch) => batch.examples);
      return held.length === examples.length && new Set(held).size === held.length && held.every((i) => i in examples);
    });
  if (fits) return;
  throw new EvaluationError({
    code: 'evaluate/other-batches',
    message: 'the stored batches were composed for other data',
    hint: 'the development data changed since the search began: start a new search',
  });
}
