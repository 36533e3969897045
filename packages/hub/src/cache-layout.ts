import { randomUUID } from 'node:crypto';
import {
  copyFile,
  link,
  lstat,
  mkdir,
  readFile,
  readlink,
  rename,
  stat,
  symlink,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import type { ModelFile } from '@hubfuse/plugin';
import type { RepoType } from './source.ts';

/** The folders of one repository in the Hugging Face cache, as Python's huggingface_hub lays them out. */
export interface RepoCache {
  /** `models--namespace--name`. */
  root: string;
  /** Contents by their checksum. */
  blobs: string;
  /** A file per branch or tag with the commit that it was. */
  refs: string;
  /** A folder per commit with links into `blobs`. */
  snapshots: string;
  /** Contents on their way, ours alone. */
  downloads: string;
  /** Lock files of downloads, ours alone. */
  locks: string;
}

export function repoCache(input: { cacheDir: string; type: RepoType; repo: string }): RepoCache {
  const root = join(input.cacheDir, [`${input.type}s`, ...input.repo.split('/')].join('--'));
  return {
    root,
    blobs: join(root, 'blobs'),
    refs: join(root, 'refs'),
    snapshots: join(root, 'snapshots'),
    downloads: join(root, '.hubfuse', 'downloads'),
    locks: join(root, '.hubfuse', 'locks'),
  };
}

/**
 * Name of a file's contents in `blobs`: SHA-256 of a large file, git's SHA-1 of a small one. Undefined where the Hub
 * states neither.
 */
export function blobName(file: ModelFile): string | undefined {
  return file.sha256 ?? file.oid;
}

/** Path of the finished contents where they stand in the cache with the right size. */
export async function cachedBlob(cache: RepoCache, file: ModelFile): Promise<string | undefined> {
  const name = blobName(file);
  if (name === undefined) return undefined;
  const path = join(cache.blobs, name);
  return (await sizeOf(path)) === file.size ? path : undefined;
}

/** Path of a file in a snapshot, where it stands there with the right size (as a link, or as a copy). */
export async function cachedSnapshotFile(
  cache: RepoCache,
  revision: string,
  file: ModelFile,
): Promise<string | undefined> {
  const path = join(cache.snapshots, revision, ...file.path.split('/'));
  return (await sizeOf(path)) === file.size ? path : undefined;
}

/** Size of a file, links followed; undefined where there is none. */
export async function sizeOf(path: string): Promise<number | undefined> {
  try {
    const found = await stat(path);
    return found.isFile() ? found.size : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Puts the contents `blob` into the snapshot under the file's path: as a relative link, so that the cache may be moved;
 * as a hard link or a copy where the file system has no links.
 */
export async function linkIntoSnapshot(input: {
  cache: RepoCache;
  revision: string;
  path: string;
  blob: string;
}): Promise<void> {
  const target = join(input.cache.snapshots, input.revision, ...input.path.split('/'));
  const pointer = relative(dirname(target), input.blob);
  if ((await readlink(target).catch(() => undefined)) === pointer) return;
  await mkdir(dirname(target), { recursive: true });
  const temporary = join(dirname(target), `.${randomUUID()}`);
  try {
    await symlink(pointer, temporary);
  } catch (cause) {
    if (!['EPERM', 'ENOSYS', 'EOPNOTSUPP', 'ENOTSUP'].includes(String((cause as NodeJS.ErrnoException).code)))
      throw cause;
    await link(input.blob, temporary).catch(() => copyFile(input.blob, temporary));
  }
  await rename(temporary, target);
}

/** Records what a branch or tag was, for whoever asks for it by name without a network. */
export async function writeRef(cache: RepoCache, name: string, revision: string): Promise<void> {
  const path = join(cache.refs, ...name.split('/'));
  if ((await readRef(cache, name)) === revision) return;
  await mkdir(dirname(path), { recursive: true });
  const temporary = join(dirname(path), `.${randomUUID()}`);
  await writeFile(temporary, revision);
  await rename(temporary, path);
}

export async function readRef(cache: RepoCache, name: string): Promise<string | undefined> {
  const text = await readFile(join(cache.refs, ...name.split('/')), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : text.trim();
}

/** Removes a file if it is there. */
export async function removeIfThere(path: string): Promise<void> {
  await unlink(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'ENOENT') throw cause;
  });
}

/** Whether anything, a dangling link included, has this path. */
export async function isThere(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => true,
    () => false,
  );
}
