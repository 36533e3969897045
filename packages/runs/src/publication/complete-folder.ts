import { join } from 'node:path';
import { openFolder } from '@hubfuse/hub';
import type { MergePlan } from '@hubfuse/merge';
import { RunError } from '@hubfuse/plugin';
import { readCheckpoint } from '@hubfuse/tensors';

/**
 * Reads the headers of a built folder and compares them with the plan: names, shapes and dtypes of all tensors.
 * @throws RunError `run/not-as-planned`, TensorError where a file is malformed.
 */
export async function verifyWeights(folder: string, plan: MergePlan): Promise<void> {
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
