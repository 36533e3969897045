import { mkdir } from 'node:fs/promises';
import { executeMerge, type MergePlan, type MergeProgress } from '@hubfuse/merge';
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
 * files. A killed merge of the same plan continues. Returns the weight files.
 */
export async function buildModel(options: {
  plan: MergePlan;
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
}): Promise<WeightFile[]> {
  const { plan, models, folders, out, ...rest } = options;
  await mkdir(out, { recursive: true });
  const { files } = await executeMerge({ plan, folders, out, ...rest });
  await writeDonorFiles({
    donor: folders[plan.donor] ?? '',
    files: models[plan.donor]?.files.map(({ path }) => path) ?? [],
    out,
    changes: plan.config,
  });
  return [...files];
}
