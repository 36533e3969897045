import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { type ObjectStore, StoreError } from '@hubfuse/plugin';
import { keptFiles, readRun } from '@hubfuse/runs';
import { ApiError } from '../http/api-error.ts';
import type { ByteRange } from '../http/range.ts';

/** A file that a run made. */
export interface ArtefactFile {
  /** Steps joined by `/`. */
  path: string;
  /** Bytes, where they are known without reading it. */
  size?: number | undefined;
  sha256?: string | undefined;
  /** The bytes, or a part of them. */
  open(range?: ByteRange): AsyncIterable<Uint8Array>;
}

interface Place {
  store: ObjectStore;
}

/**
 * The files of a run that can be read here: those of the model's folder, while it stands on this machine, and objects of
 * the store. A path is one that was found by listing, so none leads out of the folder.
 */
export async function listArtefacts({ store }: Place, runId: string): Promise<ArtefactFile[]> {
  const { state, report } = await readRun({ store, runId });
  const sums = new Map((report?.files ?? []).map(({ path, sha256 }) => [path, sha256]));
  const files = new Map<string, ArtefactFile>();
  const own = `runs/${runId}/`;
  const add = ({ path, key, size, sha256 }: { path: string; key: string; size?: number; sha256?: string }): void => {
    if (!key.startsWith(own) || files.has(path)) return;
    files.set(path, { path, size, sha256, open: (range) => readObject(store, key, range) });
  };
  for (const artefact of state.artefacts) {
    const { kind, location, ...facts } = artefact;
    if (kind === 'folder') for (const file of await filesOf(location, sums)) files.set(file.path, file);
    if (kind === 'files') for (const file of await keptFiles({ store, artefact })) add(file);
    if (kind === 'object') add({ ...facts, path: location.slice(own.length), key: location });
  }
  return [...files.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** @throws ApiError 404 `run/no-artefact` */
export async function findArtefact(place: Place, { id, path }: { id: string; path: string }): Promise<ArtefactFile> {
  const found = (await listArtefacts(place, id)).find((file) => file.path === path);
  if (found !== undefined) return found;
  throw new ApiError({
    status: 404,
    code: 'run/no-artefact',
    message: `the run "${id}" has no such file here`,
    hint: `GET /v1/runs/${id}/artefacts lists them`,
  });
}

/** Files of a folder; links are none. Empty where the folder is gone, or lies on another machine. */
async function filesOf(folder: string, sums: ReadonlyMap<string, string>): Promise<ArtefactFile[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile());
  return await Promise.all(
    files.map(async (entry) => {
      const file = join(entry.parentPath, entry.name);
      const path = relative(folder, file).split(sep).join('/');
      const { size } = await stat(file);
      return { path, size, sha256: sums.get(path), open: (range?: ByteRange) => readFilePart(file, range) };
    }),
  );
}

function readFilePart(file: string, range: ByteRange | undefined): AsyncIterable<Uint8Array> {
  return createReadStream(file, range === undefined ? {} : { start: range.start, end: range.end - 1 });
}

async function* readObject(store: ObjectStore, key: string, range: ByteRange | undefined): AsyncGenerator<Uint8Array> {
  const body = await store.read(key, range);
  if (body !== undefined) yield* body;
  // Its size was promised already: the answer breaks off.
  else throw new StoreError({ code: 'store/gone', where: `${store.url}: ${key}`, message: 'the object was removed' });
}
