import { type Dataset, type ModelInput, openScorer, type Scores } from '@hubfuse/evaluate';
import type { Device, Registry } from '@hubfuse/plugin';
import type { Output } from './output.ts';
import type { LocalModel } from './scoring-inputs.ts';

export interface ScoreModelsOptions {
  models: readonly LocalModel[];
  /** Score the mean of the logits of all models as well. */
  ensemble: boolean;
  task: string;
  metric: string | undefined;
  datasets: readonly Dataset[];
  registry: Registry;
  workers: number | undefined;
  device: Device | undefined;
  signal: AbortSignal;
}

export interface ScoredModel {
  name: string;
  scores: Scores;
}

/** Scores one model after the other and tells of each as soon as it is done. */
export async function scoreModels(
  options: ScoreModelsOptions,
  output: Output,
  onScored: (name: string, scores: Scores) => void,
): Promise<ScoredModel[]> {
  const { task, metric, datasets, registry, workers, device, signal } = options;
  const inputs = options.models.map(({ source: { name }, folder }) => ({
    name,
    model: { folder, name } satisfies ModelInput,
  }));
  const ensemble = options.ensemble
    ? [{ name: 'ensemble', model: { ensemble: inputs.map(({ model }) => model) } }]
    : [];
  const total = datasets.reduce((sum, dataset) => sum + dataset.examples.length, 0);
  const scorer = openScorer({ registry, workers, device });
  const rows: ScoredModel[] = [];
  try {
    for (const { name, model } of [...inputs, ...ensemble]) {
      const done = new Map<string, number>();
      const scores = await scorer.score({
        ...{ model, task, metric, datasets, signal },
        onProgress(progress) {
          done.set(`${progress.phase} ${progress.dataset}`, progress.done);
          const sum = datasets.reduce((all, dataset) => all + (done.get(`${progress.phase} ${dataset.name}`) ?? 0), 0);
          output.progress({ label: `${progress.phase} ${name}`, done: sum, total, unit: 'examples' });
        },
      });
      for (const warning of scores.warnings) output.warn(warning);
      rows.push({ name, scores });
      onScored(name, scores);
      // Of two models the first always decides.
      if (scores.majority !== undefined && inputs.length > 2) {
        rows.push({ name: `${name}, majority`, scores: scores.majority });
        onScored(`${name}, majority`, scores.majority);
      }
    }
  } finally {
    await scorer.close();
  }
  return rows;
}
