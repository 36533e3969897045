import { open, readdir, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import type { ModelFile, ModelSource } from '@hubfuse/plugin';
import { TensorError } from '@hubfuse/plugin';

/** Folders of tools, which are no part of a model. */
const IGNORED = new Set(['.git', '.cache', 'node_modules']);
/** How a download that is under way ends. */
const INCOMPLETE = '.incomplete';

/**
 * A local folder as a source of model files (see `listFolder`).
 * @param path the folder
 * @param options.reference what the user wrote, where that is not the path
 * @throws TensorError where there is no such folder
 */
export async function folderSource(path: string, options: { reference?: string } = {}): Promise<ModelSource> {
  const files = await listFolder(path).catch((cause: unknown) => {
    throw new TensorError({ code: 'tensors/no-folder', where: path, message: 'the folder cannot be read', cause });
  });
  return {
    reference: options.reference ?? path,
    name: options.reference ?? path,
    kind: 'folder',
    files,
    folder: path,
    read: (file, range) => readRange(join(path, file), range),
  };
}

/**
 * Every regular file below a folder with its size, sorted by path. Links to files are followed, as the Hugging Face
 * cache is made of them; a link to a folder is not entered: it may lead back up.
 */
export async function listFolder(folder: string): Promise<ModelFile[]> {
  const files: ModelFile[] = [];
  const visit = async (below: string): Promise<void> => {
    for (const entry of await readdir(join(folder, below), { withFileTypes: true })) {
      if (IGNORED.has(entry.name) || entry.name.endsWith(INCOMPLETE)) continue;
      const path = join(below, entry.name);
      if (entry.isDirectory()) await visit(path);
      else {
        const found = await stat(join(folder, path)).catch(() => undefined);
        if (found?.isFile() === true) files.push({ path: path.split(sep).join('/'), size: found.size });
      }
    }
  };
  await visit('');
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Reads a range of a local file; `end` is exclusive. The result is shorter where the file ends before. */
export async function readRange(
  path: string,
  range: { start: number; end?: number } = { start: 0 },
): Promise<Uint8Array> {
  const handle = await open(path, 'r');
  try {
    const { size } = await handle.stat();
    const end = Math.min(range.end ?? size, size);
    const bytes = new Uint8Array(Math.max(0, end - range.start));
    let filled = 0;
    while (filled < bytes.length) {
      const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, range.start + filled);
      if (bytesRead === 0) return bytes.subarray(0, filled);
      filled += bytesRead;
    }
    return bytes;
  } finally {
    await handle.close();
  }
}
