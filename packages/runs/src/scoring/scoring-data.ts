import { type Dataset, loadDataset } from '@hubfuse/evaluate';
import type { Registry } from '@hubfuse/plugin';
import type { DatasetEntry, EvaluateSection } from '@hubfuse/recipe';
import { sha256OfFile } from '@hubfuse/tensors';
import type { PinnedData } from '../run-plan.ts';

/** Examples of one dataset and split, read when they are first needed. */
export interface ScoringData {
  name: string;
  split: 'dev' | 'test';
  domain: 'in' | 'out';
  /** Says which examples these are: the file's content and everything that selects and reads rows. */
  identity: readonly unknown[];
  load(): Promise<Dataset>;
}

/** The data of a recipe's `evaluate`, from their files on this disk. */
export async function scoringData(options: {
  evaluate: EvaluateSection;
  data: readonly PinnedData[];
  /** Path of each entry of `data`. */
  paths: readonly string[];
  registry: Registry;
}): Promise<ScoringData[]> {
  const { evaluate, data, paths, registry } = options;
  const found: ScoringData[] = [];
  for (const entry of evaluate.datasets) {
    for (const [index, { dataset, split }] of data.entries()) {
      const path = paths[index];
      if (dataset !== entry.name || path === undefined) continue;
      found.push(await describe({ entry, evaluate, split, path, registry }));
    }
  }
  return found;
}

async function describe(options: {
  entry: DatasetEntry;
  evaluate: EvaluateSection;
  split: 'dev' | 'test';
  path: string;
  registry: Registry;
}): Promise<ScoringData> {
  const { entry, evaluate, split, path, registry } = options;
  const { name, domain, columns, head, format, seed } = entry;
  const limit = entry.limit ?? evaluate.limit;
  let loaded: Promise<Dataset> | undefined;
  const load = (): Promise<Dataset> => {
    if (loaded !== undefined) return loaded;
    loaded = loadDataset({
      name,
      source: { path },
      task: evaluate.task,
      reader: format,
      columns,
      split: entry.split,
      limit,
      seed,
      domain,
      head,
      registry,
    });
    return loaded;
  };
  const identity = [await sha256OfFile(path), format, columns, entry.split, limit, seed, head];
  return { name, split, domain, identity, load };
}
