import { join } from 'node:path';
import { HubError, type ModelFile, type ModelSource, settleAll } from '@hubfuse/plugin';
import type { RepoAddress } from './addresses.ts';
import {
  cachedBlob,
  cachedSnapshotFile,
  linkIntoSnapshot,
  type RepoCache,
  repoCache,
  writeRef,
} from './cache-layout.ts';
import { requireFreeBytes } from './disk-space.ts';
import { downloadBlob, tidyBlob } from './download-blob.ts';
import { type FetchPool, openFetchPool } from './fetch-pool.ts';
import { explainFileFailure } from './file-failures.ts';
import { missingFile } from './missing-file.ts';
import type { HubOptions } from './options.ts';
import { leftBytes } from './partial-download.ts';
import type { HubSource } from './source.ts';
import { createTransport } from './transport.ts';

export interface FetchOptions extends HubOptions {
  /** Paths to fetch, or which of the source's files. Default: all. */
  files?: readonly string[] | ((file: ModelFile) => boolean) | undefined;
  /** Shared with other fetches under way; then `connections` is not read. Default: a pool of its own. */
  pool?: FetchPool | undefined;
}

/**
 * Brings files of a pinned model or dataset onto this disk and returns the folder that holds them: the snapshot in the
 * standard Hugging Face cache. Files that are there already (by size under the name of their checksum, Python's
 * downloads included) are used. A local folder is returned as it is.
 * @throws ResourceError `hub/disk-full`, before anything is transferred where it can be told; HubError `hub/corrupt`,
 * `hub/file-not-found`, `hub/cache-not-writable`, or one of the network's
 */
export async function fetchModel(source: ModelSource, options: FetchOptions): Promise<string> {
  const wanted = selectFiles(source, options.files);
  if (source.kind === 'folder') return requireFolder(source);
  try {
    return await fetchFiles({ hub: requirePinned(source), wanted, options });
  } catch (failure) {
    throw explainFileFailure(failure, options.cacheDir);
  }
}

async function fetchFiles(input: {
  hub: HubSource;
  wanted: readonly ModelFile[];
  options: FetchOptions;
}): Promise<string> {
  const { hub, wanted, options } = input;
  const cache = repoCache({ cacheDir: options.cacheDir, type: hub.type, repo: hub.name });
  const snapshot = join(cache.snapshots, hub.revision);

  const there = await Promise.all(wanted.map(async (file) => await findCached({ cache, hub, file, options })));
  const missing = wanted.filter((_file, index) => there[index] !== true);
  await requireFreeBytes({
    path: cache.root,
    bytes: await bytesToCome(cache, missing),
    purpose: `fetching ${missing.length} file${missing.length === 1 ? '' : 's'} of ${hub.name}`,
    hint: 'free some space, or point HF_HUB_CACHE at a larger disk',
  });

  const transport = createTransport({ ...options, hubUrl: hub.hubUrl });
  const address: RepoAddress = { hubUrl: hub.hubUrl, type: hub.type, repo: hub.name };
  const { connections, files } = options.pool ?? openFetchPool(options.connections);
  await settleAll(
    missing.map((file) =>
      files.run(async () => {
        options.signal?.throwIfAborted();
        const blob = await downloadBlob({ transport, address, revision: hub.revision, cache, file, connections });
        await linkIntoSnapshot({ cache, revision: hub.revision, path: file.path, blob });
      }),
    ),
  );
  const named = wanted.length > 0 && hub.requestedRevision !== hub.revision;
  if (named) await writeRef(cache, hub.requestedRevision, hub.revision);
  return snapshot;
}

function selectFiles(source: ModelSource, files: FetchOptions['files']): ModelFile[] {
  if (files === undefined) return [...source.files];
  if (typeof files === 'function') return source.files.filter(files);
  return files.map((path) => {
    const file = source.files.find((listed) => listed.path === path);
    if (file === undefined) throw missingFile({ where: source.name, path, files: source.files });
    return file;
  });
}

function requireFolder(source: ModelSource): string {
  if (source.folder !== undefined) return source.folder;
  throw new HubError({ code: 'hub/no-folder', where: source.name, message: 'the source states no folder' });
}

/** Anyone may make a `ModelSource`; only this package's know where their repository is. */
function requirePinned(source: ModelSource): HubSource {
  if ('hubUrl' in source && 'type' in source && source.revision !== undefined) return source as HubSource;
  throw new HubError({
    code: 'hub/not-pinned',
    where: source.name,
    message: 'the source is not pinned to a commit of a Hub',
    hint: 'open it with openModel or openDataset',
  });
}

/** Whether a file stands in the cache; links its contents into the snapshot where another revision brought them. */
async function findCached(input: {
  cache: RepoCache;
  hub: HubSource;
  file: ModelFile;
  options: HubOptions;
}): Promise<boolean> {
  const { cache, hub, file, options } = input;
  const blob = await cachedBlob(cache, file);
  if (blob !== undefined) await linkIntoSnapshot({ cache, revision: hub.revision, path: file.path, blob });
  else if ((await cachedSnapshotFile(cache, hub.revision, file)) === undefined) return false;
  await tidyBlob(cache, file);
  const { path, size } = file;
  options.onProgress?.({ type: 'download', repo: hub.name, path, received: size, size, state: 'cached' });
  return true;
}

async function bytesToCome(cache: RepoCache, files: readonly ModelFile[]): Promise<number> {
  const each = await Promise.all(files.map(async (file) => file.size - (await leftBytes(cache, file))));
  return each.reduce((sum, bytes) => sum + bytes, 0);
}
