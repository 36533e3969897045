import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type ExecuteMergeOptions,
  executeMerge,
  type Genealogy,
  type LayerNote,
  type MergePlan,
  type MergeProgress,
  type MergeResult,
} from '@hubfuse/merge';
import type { Registry } from '@hubfuse/plugin';
import { writeDonorFiles } from './donor-files.ts';
import type { PinnedModel } from './run-plan.ts';

/** A file of a built model. */
export interface WeightFile {
  path: string;
  /** Bytes. */
  size: number;
  sha256: string;
}

/**
 * Merges into a folder and completes it to a model that transformers loads: weights, config.json and the donor's side
 * files; or to a result per task, from which such models are rebuilt. A killed merge of the same plan continues. Returns the weight files.
 */
export async function buildModel(options: {
  plan: MergePlan;
  /** What merges. Default: this process. */
  execute?: ((options: ExecuteMergeOptions) => Promise<MergeResult>) | undefined;
  /** How the models have evolved before they are merged. */
  genealogy?: Genealogy | undefined;
  /** Models of the plan and their folders, in the order of the merge's inputs. */
  models: readonly PinnedModel[];
  folders: readonly string[];
  /** Folder of each statistics file of the merge. */
  statistics?: readonly string[] | undefined;
  out: string;
  registry: Registry;
  workers?: number | undefined;
  memory?: number | undefined;
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: MergeProgress) => void) | undefined;
  /** Told of every linear layer that was merged whole. */
  onLayer?: ((layer: LayerNote) => void) | undefined;
}): Promise<WeightFile[]> {
  const { plan, execute = executeMerge, models, folders, out, onLayer, ...rest } = options;
  await mkdir(out, { recursive: true });
  const { files, layers } = await execute({ plan, folders, out, ...rest });
  for (const layer of layers) onLayer?.(layer);
  // A result per task is no model itself: each task has the files of the model that it comes from.
  const places = plan.tasks?.map(({ input, folder }) => ({ input, folder: join(out, folder) }));
  for (const { input, folder } of places ?? [{ input: plan.donor, folder: out }]) {
    await writeDonorFiles({
      donor: folders[input] ?? '',
      files: models[input]?.files.map(({ path }) => path) ?? [],
      out: folder,
      changes: plan.config,
    });
  }
  return [...files];
}
