import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { HubError, type ModelSource } from '@hubfuse/plugin';
import { listFolder } from '@hubfuse/tensors';
import { missingFile } from './missing-file.ts';
import { readPart, resolveRange } from './ranged-reader.ts';

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
