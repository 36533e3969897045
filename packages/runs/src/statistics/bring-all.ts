import type { HubOptions } from '@hubfuse/hub';
import type { Registry } from '@hubfuse/plugin';
import type { Recipe } from '@hubfuse/recipe';
import type { GatherProgress } from '@hubfuse/statistics';
import type { OpenedInput } from '../resolve/open-inputs.ts';
import { bringStatistics, type LocalStatistics } from './bring-statistics.ts';
import { planStatistics } from './plan-statistics.ts';
import type { PlannedModelStatistics } from './statistics-plan.ts';

export interface BringAllOptions {
  /** In the order of the models. */
  planned: readonly PlannedModelStatistics[];
  inputs: readonly OpenedInput[];
  /** Folder of each input. */
  folders: readonly string[];
  workspace: string;
  hub: HubOptions;
  registry: Registry;
  workers?: number | undefined;
  memory?: number | undefined;
  signal?: AbortSignal | undefined;
  onProgress?: ((model: string, progress: GatherProgress) => void) | undefined;
}

/** Brings the statistics of all models of a merge onto this disk, one model after the other. */
export async function bringAllStatistics(options: BringAllOptions): Promise<LocalStatistics[]> {
  const { planned, inputs, folders, onProgress, ...rest } = options;
  const models = inputs.flatMap((input, index) => (input.role === 'model' ? [{ input, folder: folders[index] }] : []));
  const brought: LocalStatistics[] = [];
  for (const [index, one] of planned.entries()) {
    const { input, folder = '' } = models[index] ?? {};
    if (input === undefined) break;
    const { name, revision } = input.source;
    brought.push(
      await bringStatistics({
        ...{ ...rest, planned: one, entry: input.entry, revision, folder },
        onProgress: (progress) => onProgress?.(name, progress),
      }),
    );
  }
  return brought;
}

/**
 * The statistics that a recipe's method reads, on this disk: what a run does in its phases, in one step. Undefined for a
 * method that reads none.
 */
export async function localStatistics(
  options: Omit<BringAllOptions, 'planned'> & { recipe: Recipe; workingDirectory: string },
): Promise<LocalStatistics[] | undefined> {
  const { inputs, recipe, workingDirectory, hub, registry, workers, memory } = options;
  const limits = { workers, memory };
  const planned = await planStatistics(inputs, { recipe, workingDirectory, hub, registry, limits });
  if (planned === undefined) return undefined;
  return await bringAllStatistics({ ...options, planned: planned.planned.filter((one) => one !== undefined) });
}
