import { readdir, stat } from 'node:fs/promises';
import { basename, join, resolve, sep } from 'node:path';
import { HubError, type ModelFile, type ModelSource } from '@hubfuse/plugin';
import { missingFile } from './missing-file.ts';
import { readPart, resolveRange } from './ranged-reader.ts';

/** Folders of tools, which are no part of a model. */
const IGNORED = new Set(['.git', '.cache', 'node_modules']);

/**
 * A local folder as a source. Files below it are listed once, sorted; links are followed.
 * @param reference what the user wrote; default `path`
 * @throws HubError `hub/folder-not-found`, `hub/not-a-folder`
 */
export async function openFolder(path: string, reference = path): Promise<ModelSource> {
  const folder = resolve(path);
  const found = await stat(folder).catch(() => undefined);
  if (found === undefined || !found.isDirectory()) {
    throw new HubError({
      code: found === undefined ? 'hub/folder-not-found' : 'hub/not-a-folder',
      where: reference,
      message: found === undefined ? `there is no folder ${folder}` : `${folder} is not a folder`,
      hint: 'relative paths start at the working directory; a model of the Hub is written namespace/name',
    });
  }
  const files = await listFolder(folder);
  const byPath = new Map(files.map((file) => [file.path, file]));
  const name = reference;
  return {
    reference,
    name,
    kind: 'folder',
    folder,
    files,
    async read(wanted, range) {
      const file = byPath.get(wanted);
      if (file === undefined) throw missingFile({ where: folder, path: wanted, files });
      return await readPart(join(folder, ...wanted.split('/')), resolveRange(file, range));
    },
  };
}

/** Every regular file below a folder with its size, sorted by path. */
export async function listFolder(folder: string): Promise<ModelFile[]> {
  const files: ModelFile[] = [];
  const visit = async (below: string): Promise<void> => {
    for (const entry of await readdir(join(folder, below), { withFileTypes: true })) {
      const path = join(below, entry.name);
      if (IGNORED.has(entry.name) || basename(path).endsWith('.incomplete')) continue;
      // A link to a folder is not entered: it may lead back up.
      if (entry.isDirectory()) await visit(path);
      else {
        const found = await stat(join(folder, path)).catch(() => undefined);
        if (found?.isFile()) files.push({ path: path.split(sep).join('/'), size: found.size });
      }
    }
  };
  await visit('');
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}
