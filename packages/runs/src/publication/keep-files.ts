import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { StoreError } from '@hubfuse/plugin';
import { runKeys } from '../keys.ts';
import type { PhaseContext } from '../phase.ts';

/**
 * Copies the files of a finished model into the store, the smallest first, as far as `execution.keepFiles` bytes go. Weights that are
 * larger stay where they are published; the report names every file with its SHA-256 in either case.
 */
export async function keepFiles(context: PhaseContext, folder: string): Promise<void> {
  const { spec, execution, signal } = context;
  let left = execution.keepFiles ?? 0;
  if (left <= 0) return;
  for (const { path, size } of await filesBySize(folder)) {
    if (size > left) return;
    signal.throwIfAborted();
    const key = `${runKeys(spec.id).files}${path}`;
    const hash = createHash('sha256');
    try {
      await execution.store.write(key, hashed(join(folder, path), hash));
    } catch (error) {
      // A name that no key can have, such as one that begins with a dot.
      if (error instanceof StoreError && error.code === 'store/bad-key') continue;
      throw error;
    }
    left -= size;
    await context.artefact({ name: `file: ${path}`, kind: 'object', location: key, size, sha256: hash.digest('hex') });
  }
}

async function* hashed(file: string, hash: ReturnType<typeof createHash>): AsyncGenerator<Uint8Array> {
  for await (const chunk of createReadStream(file)) {
    hash.update(chunk as Uint8Array);
    yield chunk as Uint8Array;
  }
}

async function filesBySize(folder: string): Promise<{ path: string; size: number }[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const files = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async ({ parentPath, name }) => {
        const file = join(parentPath, name);
        return { path: relative(folder, file).split(sep).join('/'), size: (await stat(file)).size };
      }),
  );
  return files.sort((a, b) => a.size - b.size || (a.path < b.path ? -1 : 1));
}
