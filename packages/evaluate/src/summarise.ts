import type { Device } from '@hubfuse/plugin';
import { EvaluationError, type Metric, type Prediction, type Task } from '@hubfuse/plugin';
import type { DatasetScore, ExampleResult, Scores } from './scores.ts';
import type { PlannedDataset } from './scoring.ts';
import { scoringEnvironment } from './scoring-environment.ts';

/** Turns answers into scores. */
export function summarise(options: {
  plan: readonly PlannedDataset[];
  task: Task;
  metric: Metric;
  keepExamples: boolean;
  /** Where the answers were computed. Default `cpu`. */
  device?: Device | undefined;
}): Scores {
  const { plan, task, metric, keepExamples, device } = options;
  const datasets: Record<string, DatasetScore> = {};
  const warnings: string[] = [];
  for (const planned of plan) {
    const { dataset, labels, members } = planned;
    const predictions = dataset.examples.map((_, index) => predictionOf(planned, task, index));
    const references = referencesOf(planned, task);
    const cut = members[0]?.encoded.cutExamples ?? 0;
    const head = members[0]?.model.head;
    warnings.push(...planned.warnings, ...labels.warnings);
    if (cut > 0)
      warnings.push(
        `${dataset.name}: ${cut} of ${dataset.examples.length} examples were cut to ${members[0]?.model.maxLength} tokens`,
      );
    datasets[dataset.name] = {
      score: metric.score(predictions, references),
      examples: dataset.examples.length,
      domain: dataset.domain,
      unknownLabels: labels.unknown,
      cut,
      ...(head === undefined ? {} : { head }),
      ...(keepExamples ? { perExample: perExample(predictions, references, planned.logits) } : {}),
    };
  }
  const inDomain = meanOf(datasets, 'in');
  const outOfDomain = meanOf(datasets, 'out');
  if (inDomain === undefined) {
    throw new EvaluationError({
      code: 'evaluate/no-domain',
      message: 'every dataset is out of domain, so there is no mean',
      hint: 'leave `domain: out` away for the datasets that decide',
    });
  }
  return {
    task: task.name,
    metric: metric.name,
    datasets,
    mean: inDomain,
    ...(outOfDomain === undefined ? {} : { outOfDomainMean: outOfDomain }),
    warnings,
    environment: scoringEnvironment(device),
  };
}

/** What should have been said about each example, in the model's words. */
export function referencesOf({ dataset, labels }: PlannedDataset, task: Task): Prediction[] {
  return dataset.examples.map((example) =>
    asPrediction(
      task,
      example.labels.map((label) => labels.nameOf.get(label) ?? String(label)),
    ),
  );
}

/** What was said about an example that has been answered. */
export function predictionOf(planned: PlannedDataset, task: Task, index: number): Prediction {
  const { names } = planned;
  const answers = [...(planned.answers[index] ?? [])];
  return asPrediction(
    task,
    answers.map((position) => names[position] ?? task.unanswered ?? ''),
  );
}

function asPrediction(task: Task, labels: readonly string[]): Prediction {
  return task.logits === 'sequence' ? (labels[0] ?? '') : labels;
}

function perExample(
  predictions: readonly Prediction[],
  references: readonly Prediction[],
  logits: readonly (Float32Array | undefined)[],
): ExampleResult[] {
  return predictions.map((prediction, index) => {
    const kept = logits[index];
    return { prediction, reference: references[index] ?? '', ...(kept === undefined ? {} : { logits: kept }) };
  });
}

function meanOf(datasets: Readonly<Record<string, DatasetScore>>, domain: 'in' | 'out'): number | undefined {
  const scores = Object.values(datasets)
    .filter((dataset) => dataset.domain === domain)
    .map(({ score }) => score);
  return scores.length === 0 ? undefined : scores.reduce((sum, score) => sum + score, 0) / scores.length;
}
