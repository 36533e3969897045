import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { HubError, type ModelSource } from '@hubfuse/plugin';
import { blobName, removeIfThere, repoCache } from './cache-layout.ts';
import type { HubSource, RepoType } from './source.ts';

/** A repository in the Hugging Face cache. */
export interface CachedRepo {
  type: RepoType;
  /** `namespace/name`. */
  repo: string;
  /** Absolute path of its folder. */
  folder: string;
  /** Bytes on disk, each content once. */
  bytes: number;
  /** Bytes of downloads that were interrupted and can go on; part of `bytes`. */
  incompleteBytes: number;
  /** Commits whose files stand there, and the branches and tags that they were when they were fetched. */
  revisions: readonly { sha: string; names: readonly string[] }[];
}

const FOLDER_NAME = /^(model|dataset)s--(.+)$/;

/** Every model and dataset in a cache, sorted by name; empty where there is no cache yet. */
export async function listCache(options: { cacheDir: string }): Promise<CachedRepo[]> {
  const names = await namesIn(options.cacheDir);
  const repos = names.flatMap((name) => {
    const [, type, rest] = FOLDER_NAME.exec(name) ?? [];
    return rest === undefined ? [] : [{ type: type as RepoType, repo: rest.replaceAll('--', '/') }];
  });
  const found = await Promise.all(repos.map((one) => describe({ ...options, ...one })));
  return found.sort((a, b) => (a.repo < b.repo ? -1 : a.repo > b.repo ? 1 : 0));
}

/**
 * Removes a repository from the cache and returns the bytes that it held.
 * @throws HubError `hub/not-cached`
 */
export async function removeFromCache(options: { cacheDir: string; type: RepoType; repo: string }): Promise<number> {
  const cached = (await listCache(options)).find(({ type, repo }) => type === options.type && repo === options.repo);
  if (cached === undefined) {
    throw new HubError({
      code: 'hub/not-cached',
      where: options.cacheDir,
      message: `the cache holds no ${options.type} ${options.repo}`,
      hint: '`hubfuse cache` lists what it holds',
    });
  }
  await rm(cached.folder, { recursive: true, force: true });
  return cached.bytes;
}

/** Removes one file of a pinned model from the cache: its link, and its contents, whoever else links to them. */
export async function removeFileFromCache(options: {
  cacheDir: string;
  source: ModelSource;
  path: string;
}): Promise<void> {
  const { cacheDir, source, path } = options;
  const file = source.files.find((one) => one.path === path);
  if (file === undefined || source.kind === 'folder') return;
  const { type, name, revision } = source as HubSource;
  const cache = repoCache({ cacheDir, type, repo: name });
  await removeIfThere(join(cache.snapshots, revision, ...path.split('/')));
  const blob = blobName(file);
  if (blob !== undefined) await removeIfThere(join(cache.blobs, blob));
}

async function describe(input: { cacheDir: string; type: RepoType; repo: string }): Promise<CachedRepo> {
  const { root, blobs, refs, snapshots, downloads } = repoCache(input);
  const files = await filesBelow(root);
  const sizes = await Promise.all(
    files.map(async (path) => ({ path, size: (await stat(path).catch(() => undefined))?.size ?? 0 })),
  );
  const incomplete = sizes.filter(
    ({ path }) => path.startsWith(downloads) || (path.startsWith(blobs) && path.endsWith('.incomplete')) /* Python's */,
  );
  const names = await Promise.all(
    (await filesBelow(refs)).map(async (path) => ({
      name: relative(refs, path),
      sha: (await readFile(path, 'utf8')).trim(),
    })),
  );
  return {
    type: input.type,
    repo: input.repo,
    folder: root,
    bytes: sum(sizes),
    incompleteBytes: sum(incomplete),
    revisions: (await namesIn(snapshots)).map((sha) => ({
      sha,
      names: names.filter((ref) => ref.sha === sha).map(({ name }) => name),
    })),
  };
}

/** Regular files; links are left out, so that a content counts once. */
async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

async function namesIn(folder: string): Promise<string[]> {
  return (await readdir(folder).catch(() => [])).sort();
}

function sum(files: readonly { size: number }[]): number {
  return files.reduce((total, { size }) => total + size, 0);
}
