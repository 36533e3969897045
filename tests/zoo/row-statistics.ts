import { existsSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { loadDataset, registerEvaluation } from '@hubfuse/evaluate';
import { openFolder } from '@hubfuse/hub';
import type { ModelStatistics, StatisticRequest } from '@hubfuse/plugin';
import { findMeasure, gatherStatistics, openMeasuredModel, planGathering, readStatistics } from '@hubfuse/statistics';
import { builtIns } from '../merge-recipe.ts';
import type { Zoo } from './zoo.ts';

/** What was gathered by this process already: rows share their models. */
const gathered = new Map<string, Promise<string>>();

/** The training slice of a model. */
export function calibrationFile(zoo: Zoo, model: string, split: string): string {
  return join(zoo.folder, 'data', `${model}.${split}.jsonl`);
}

/** Statistics of one model of a zoo, gathered from a slice of its training data. */
export async function rowStatistics(options: {
  zoo: Zoo;
  model: string;
  split: string;
  request: StatisticRequest;
}): Promise<ModelStatistics> {
  const { zoo, model, split, request } = options;
  const key = [zoo.folder, model, split, request.kind, request.variant].join('\n');
  const path = gathered.get(key) ?? gather(options);
  gathered.set(key, path);
  const file = await path;
  return await readStatistics({
    source: await openFolder(dirname(file), dirname(file)),
    path: basename(file),
    request,
  });
}

async function gather(options: Parameters<typeof rowStatistics>[0]): Promise<string> {
  const { zoo, model: name, split } = options;
  const data = calibrationFile(zoo, name, split);
  if (!existsSync(data)) throw new Error(`${data} is missing`);
  const registry = await builtIns();
  await registerEvaluation(registry);
  const { measure, request } = findMeasure(options.request);
  const { model, modelSha256 } = await openMeasuredModel({ folder: join(zoo.folder, name), name, registry });
  const dataset = await loadDataset({ name, source: { path: data }, task: zoo.task, registry });
  const folder = await mkdtemp(join(tmpdir(), 'hubfuse-statistics-'));
  const path = join(folder, 'statistics.safetensors');
  await gatherStatistics({
    ...{ model, measure, dataset, path },
    plan: planGathering({ model, measure, request, limits: { workers: 2 } }),
    origin: { model: name, modelSha256, dataset: basename(data), version: 'tests' },
  });
  return path;
}
