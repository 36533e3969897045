import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { readTaskDescription } from '@hubfuse/merge';
import type { EvaluateSection } from '@hubfuse/recipe';
import { folderSource } from '@hubfuse/tensors';
import { materializeModel } from '../materialize-model.ts';
import type { ScoreRow, SplitScores } from '../report.ts';
import { withScratchFolder } from '../scratch-folder.ts';
import type { ModelScorer } from './score-models.ts';
import { type ScoredListener, scoreRow } from './score-rows.ts';
import { builtModel } from './scored-models.ts';
import { datasetsOfTasks } from './task-datasets.ts';

/** A file system in memory: a task's model that lies there is never written to a disk. */
const MEMORY_FOLDER = '/dev/shm';

/**
 * Scores a merge per task: every dataset by the model of its own task, which is rebuilt in memory and gone when it is
 * scored. One row of the table.
 */
export async function scoreTasks(options: {
  scorer: ModelScorer;
  /** The merge, and what its row is called. */
  folder: string;
  name: string;
  section: EvaluateSection;
  /** Where models are rebuilt if there is no room in memory. */
  workspace: string;
  signal: AbortSignal;
  onScored: ScoredListener;
  onUnanswered: (datasets: readonly string[]) => Promise<void>;
}): Promise<ScoreRow> {
  const { scorer, folder, name, section, workspace, signal, onScored, onUnanswered } = options;
  const { tasks } = await readTaskDescription(await folderSource(folder));
  const { byTask, unanswered } = datasetsOfTasks(tasks, section.datasets);
  if (unanswered.length > 0) await onUnanswered(unanswered);
  const rows: ScoreRow[] = [];
  for (const task of tasks) {
    const datasets = byTask.get(task.name) ?? [];
    if (datasets.length === 0) continue;
    const row = await withScratchFolder(await placeInMemory(folder, workspace), async (scratch) => {
      const out = join(scratch, 'model');
      await materializeModel({ folder, task, out, signal });
      const model = await builtModel({ name: `${name}: ${task.name}`, folder: out, weights: [], signal });
      return await scoreRow({ scorer, model, role: 'merged', datasets, onScored });
    });
    rows.push(row);
  }
  const inDomain = new Set(section.datasets.filter(({ domain }) => domain === 'in').map((dataset) => dataset.name));
  const split = (key: 'dev' | 'test') =>
    joined(
      rows.flatMap((row) => row[key] ?? []),
      inDomain,
    );
  const [dev, test] = [split('dev'), split('test')];
  return {
    name,
    role: 'merged',
    ...(dev === undefined ? {} : { dev }),
    ...(test === undefined ? {} : { test }),
  };
}

/** The tasks' scores side by side, with the means over all. */
function joined(parts: readonly SplitScores[], inDomain: ReadonlySet<string>): SplitScores | undefined {
  if (parts.length === 0) return undefined;
  const datasets = Object.assign({}, ...parts.map((part) => part.datasets)) as Record<string, number>;
  const mean = (wanted: boolean): number | undefined => {
    const scores = Object.entries(datasets).flatMap(([name, score]) => (inDomain.has(name) === wanted ? [score] : []));
    return scores.length === 0 ? undefined : scores.reduce((sum, score) => sum + score, 0) / scores.length;
  };
  const outOfDomainMean = mean(false);
  return {
    datasets,
    mean: mean(true) ?? Number.NaN,
    ...(outOfDomainMean === undefined ? {} : { outOfDomainMean }),
  };
}

async function placeInMemory(folder: string, workspace: string): Promise<string> {
  if (!existsSync(MEMORY_FOLDER)) return workspace;
  const { files } = await folderSource(folder);
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  const { bavail, bsize } = await statfs(MEMORY_FOLDER);
  return bavail * bsize > 2 * bytes ? join(MEMORY_FOLDER, 'hubfuse') : workspace;
}
