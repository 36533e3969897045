import { mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type TensorData, tensorBytes, writeSafetensors } from '@hubfuse/tensors';
import type { KeptHead, MergePlan } from '../plan/merge-plan.ts';

/**
 * Writes the heads that stay beside the merged trunk, each with its labels and its class in the file's metadata.
 * @returns paths of the files below `out`
 */
export async function writeKeptHeads(options: {
  plan: MergePlan;
  folders: readonly string[];
  out: string;
}): Promise<string[]> {
  const { plan, folders, out } = options;
  for (const head of plan.heads) {
    await mkdir(dirname(join(out, head.path)), { recursive: true });
    const metadata = {
      format: plan.metadata.format ?? 'pt',
      model: plan.inputs[head.input]?.name ?? '',
      class: head.className,
      labels: JSON.stringify(head.labels),
    };
    await writeSafetensors(join(out, head.path), await readHead(head, folders), metadata);
  }
  return plan.heads.map(({ path }) => path);
}

async function readHead({ tensors }: KeptHead, folders: readonly string[]): Promise<Map<string, TensorData>> {
  const read = new Map<string, TensorData>();
  for (const { outputName, input, file, offset, dtype, shape } of tensors) {
    const handle = await open(join(folders[input] as string, file), 'r');
    try {
      const data = new Uint8Array(tensorBytes({ dtype, shape }));
      await handle.read(data, 0, data.length, offset);
      read.set(outputName, { dtype, shape, data });
    } finally {
      await handle.close();
    }
  }
  return read;
}
