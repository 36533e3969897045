import { open } from 'node:fs/promises';
import type { Commit } from '../storage/commit.ts';
import type { Repository } from '../storage/repository.ts';

/** Headers above this size are not read: a count is a courtesy. */
const MAX_HEADER_BYTES = 25_000_000;

/** Number of parameters by dtype in all `*.safetensors` at the root; undefined where there are none or one is broken. */
export async function countParameters(
  repository: Repository,
  commit: Commit,
): Promise<{ parameters: Record<string, number>; total: number } | undefined> {
  const parameters: Record<string, number> = {};
  let total = 0;
  for (const file of commit.files) {
    if (!/^[^/]+\.safetensors$/.test(file.path)) continue;
    const header = await readHeader(repository.blobs.path(file.sha256), file.size);
    if (header === undefined) return undefined;
    for (const [name, tensor] of Object.entries(header)) {
      if (name === '__metadata__') continue;
      const count = elements(tensor);
      if (count === undefined) return undefined;
      parameters[count.dtype] = (parameters[count.dtype] ?? 0) + count.elements;
      total += count.elements;
    }
  }
  return total === 0 ? undefined : { parameters, total };
}

async function readHeader(path: string, size: number): Promise<Record<string, unknown> | undefined> {
  if (size < 8) return undefined;
  const handle = await open(path, 'r');
  try {
    const length = Number((await handle.read(Buffer.alloc(8), 0, 8, 0)).buffer.readBigUInt64LE());
    if (length > MAX_HEADER_BYTES || length > size - 8) return undefined;
    const header: unknown = JSON.parse((await handle.read(Buffer.alloc(length), 0, length, 8)).buffer.toString('utf8'));
    return typeof header === 'object' && header !== null ? (header as Record<string, unknown>) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  } finally {
    await handle.close();
  }
}

function elements(tensor: unknown): { dtype: string; elements: number } | undefined {
  const { dtype, shape } = (tensor ?? {}) as { dtype?: unknown; shape?: unknown };
  if (typeof dtype !== 'string' || !Array.isArray(shape)) return undefined;
  const count = (shape as unknown[]).reduce<number>((product, size) => product * Number(size), 1);
  return Number.isSafeInteger(count) ? { dtype, elements: count } : undefined;
}
