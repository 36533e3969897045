import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { exportOnnx } from '@hubfuse/graphs';
import { openFolder } from '@hubfuse/hub';
import { type MergePlan, readTaskDescription } from '@hubfuse/merge';
import { GraphError, type Registry, RunError } from '@hubfuse/plugin';
import { listFolder, readCheckpoint } from '@hubfuse/tensors';

/** Says that hubfuse has no graph for this kind of model; the merge itself does not depend on one. */
const NO_GRAPH = new Set([
  'graph/unsupported-architecture',
  'graph/unsupported-class',
  'graph/activation',
  'graph/config-value',
  'graph/too-large',
]);

/**
 * Writes `onnx/model.onnx`, by which the folder loads in transformers.js. Returns its files, or the reason why there is
 * none.
 */
export async function addOnnx(options: {
  folder: string;
  registry: Registry;
  signal: AbortSignal;
}): Promise<{ files: readonly { path: string; size: number; sha256: string }[] } | { missing: GraphError }> {
  const { folder, registry, signal } = options;
  try {
    const source = await openFolder(folder);
    const { files } = await exportOnnx({ source, out: folder, registry, signal });
    return { files };
  } catch (error) {
    if (error instanceof GraphError && NO_GRAPH.has(error.code)) return { missing: error };
    throw error;
  }
}

/**
 * Reads the headers of a built folder and compares them with the plan: names, shapes and dtypes of all tensors.
 * @throws RunError `run/not-as-planned`, TensorError where a file is malformed.
 */
export async function verifyWeights(folder: string, plan: MergePlan): Promise<void> {
  if (plan.tasks !== undefined) {
    await verifyTasks(folder, plan);
    return;
  }
  const { tensors } = await readCheckpoint(await openFolder(folder));
  const wrong = plan.tensors.find(({ name, shape, dtype }) => {
    const stored = tensors.get(name);
    return stored?.dtype !== dtype || stored.shape.join() !== shape.join();
  });
  if (wrong === undefined && tensors.size === plan.tensors.length) return;
  throw new RunError({
    code: 'run/not-as-planned',
    where: join(folder, 'model.safetensors'),
    message:
      wrong === undefined
        ? `the merge wrote ${tensors.size} tensors where ${plan.tensors.length} were planned`
        : `the tensor "${wrong.name}" is not as planned`,
    hint: 'something else wrote into the folder: start a fresh run',
  });
}

/** A result per task is no model: its files are looked at one by one. */
async function verifyTasks(folder: string, { outputs, heads }: MergePlan): Promise<void> {
  const found = new Map((await listFolder(folder)).map(({ path, size }) => [path, size]));
  const wrong =
    outputs.find(({ path, size }) => found.get(path) !== size) ?? heads.find(({ path }) => !found.has(path));
  if (wrong === undefined) {
    await readTaskDescription(await openFolder(folder));
    return;
  }
  throw new RunError({
    code: 'run/not-as-planned',
    where: join(folder, wrong.path),
    message: 'the file is not as planned',
    hint: 'something else wrote into the folder: start a fresh run',
  });
}

/** Names of files under way: of writes that are renamed when they are whole, and of the merge's own records. */
const UNFINISHED = /(?:^|\/)(?:\.[^/]*|[^/]*\.(?:tmp|partial))$/;

/** Removes what killed attempts left half-written, so that nothing of it is published. */
export async function removeLeftovers(folder: string): Promise<void> {
  for (const { path } of await listFolder(folder)) {
    if (UNFINISHED.test(path)) await rm(join(folder, path));
  }
}
