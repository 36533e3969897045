import { getJson, type JsonFormat } from '@hubfuse/objects';
import type { ObjectStore } from '@hubfuse/plugin';
import type { Artefact, KeptFile } from '../run.ts';

/** The object that names the files of a model that one attempt has put into the store. Never changes. */
export const LIST_FORMAT: JsonFormat = { version: 1 };

export interface FileList {
  files: readonly KeptFile[];
}

/** What makes a list visible: the state of the run names it. */
export function listArtefact({ location, files }: { location: string; files: readonly KeptFile[] }): Artefact {
  return { name: 'files in the store', kind: 'files', location, size: files.reduce((sum, { size }) => sum + size, 0) };
}

/** The files behind an artefact of the kind `files`; none where the run is being deleted. */
export async function keptFiles({
  store,
  artefact,
}: {
  store: ObjectStore;
  artefact: Artefact;
}): Promise<readonly KeptFile[]> {
  if (artefact.files !== undefined) return artefact.files;
  return (await getJson<FileList>(store, artefact.location, LIST_FORMAT))?.value.files ?? [];
}
