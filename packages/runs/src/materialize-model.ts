import { copyFile, mkdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type DescribedTask, materializeTask } from '@hubfuse/merge';
import { RunError } from '@hubfuse/plugin';
import { listFolder } from '@hubfuse/tensors';

/** Files of a task's folder from which its weights are rebuilt. */
const PARTS = new Set(['mask.safetensors', 'own.safetensors']);

/**
 * Rebuilds the model of one task of a merge per task as an ordinary folder: weights, config.json, tokenizer. The folder
 * has its name only when it is whole.
 * @throws RunError `run/out-not-empty`; whatever reading the merge throws
 */
export async function materializeModel(options: {
  /** Local folder of the merge. */
  folder: string;
  task: DescribedTask;
  /** Where the model appears: a folder that does not exist or is empty. */
  out: string;
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: { done: number; total: number }) => void) | undefined;
}): Promise<{ files: readonly { path: string; size: number }[] }> {
  const { folder, task, out, signal, onProgress } = options;
  if ((await listFolder(out).catch(() => [])).length > 0) {
    throw new RunError({
      code: 'run/out-not-empty',
      where: out,
      message: 'the folder for the model is not empty',
      hint: 'choose another folder with --out, or remove this one',
    });
  }
  const partial = join(dirname(out), `.${basename(out)}.partial`);
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true });
  try {
    await materializeTask({ folder, task, path: join(partial, 'model.safetensors'), signal, onProgress });
    for (const { path } of await listFolder(join(folder, task.folder))) {
      if (PARTS.has(path)) continue;
      await mkdir(dirname(join(partial, path)), { recursive: true });
      await copyFile(join(folder, task.folder, path), join(partial, path));
    }
    await rm(out, { recursive: true, force: true });
    await rename(partial, out);
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    throw error;
  }
  return { files: (await listFolder(out)).map(({ path, size }) => ({ path, size })) };
}
