import type { HubOptions } from '@hubfuse/hub';
import type { Registry } from '@hubfuse/plugin';
import type { GatherProgress } from '@hubfuse/statistics';
import type { OpenedInput } from '../resolve/open-inputs.ts';
import { bringStatistics, type LocalStatistics } from './bring-statistics.ts';
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
