import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { listAll, toJson } from '@hubfuse/objects';
import { StoreError } from '@hubfuse/plugin';
import { runKeys } from '../keys.ts';
import type { PhaseContext } from '../phase.ts';
import type { KeptFile } from '../run.ts';
import { type FileList, LIST_FORMAT, listArtefact } from './kept-files.ts';

/**
 * Copies the files of a finished model into the store, the smallest first, as far as `execution.keepFiles` bytes go. Weights that are
 * larger stay where they are published; the report names every file with its SHA-256 in either case.
 *
 * A large object cannot be written on condition, so each attempt writes under keys of its own, where nobody looks: a process that
 * has lost the run without knowing can change nothing of what the next owner wrote. When all are there, a list names them, and the
 * run's state, which only its owner can change, names the list. What other attempts left goes then.
 */
export async function keepFiles(
  context: Pick<PhaseContext, 'spec' | 'execution' | 'signal' | 'artefact'>,
  folder: string,
): Promise<void> {
  const { spec, execution, signal } = context;
  const { store } = execution;
  let left = execution.keepFiles ?? 0;
  if (left <= 0) return;
  const keys = runKeys(spec.id);
  const attempt = randomUUID();
  const files: KeptFile[] = [];
  for (const { path, size } of await filesBySize(folder)) {
    if (size > left) break;
    signal.throwIfAborted();
    const key = keys.file(attempt, path);
    const read = { hash: createHash('sha256'), size: 0 };
    try {
      await store.write(key, counted(join(folder, path), read));
    } catch (error) {
      // A name that no key can have, such as one that begins with a dot.
      if (error instanceof StoreError && error.code === 'store/bad-key') continue;
      throw error;
    }
    left -= read.size;
    files.push({ path, key, size: read.size, sha256: read.hash.digest('hex') });
  }
  const location = keys.fileList(attempt);
  await store.put(location, toJson({ files } satisfies FileList, LIST_FORMAT));
  await context.artefact(listArtefact({ location, files }));
  const others: string[] = [];
  for await (const key of listAll(store, keys.files)) {
    if (key !== location && !key.startsWith(keys.file(attempt, ''))) others.push(key);
  }
  for (const key of others) await store.delete(key);
}

async function* counted(
  file: string,
  read: { hash: ReturnType<typeof createHash>; size: number },
): AsyncGenerator<Uint8Array> {
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 }) as AsyncIterable<Uint8Array>) {
    read.hash.update(chunk);
    read.size += chunk.length;
    yield chunk;
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
