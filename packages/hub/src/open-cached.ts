import { readlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { HubError, type ModelFile } from '@hubfuse/plugin';
import { listFolder } from '@hubfuse/tensors';
import { readRef, repoCache, sizeOf } from './cache-layout.ts';
import { hubSource } from './hub-source.ts';
import { DEFAULT_HUB_URL, type HubOptions } from './options.ts';
import type { HubReference, HubSource, RepoType } from './source.ts';
import { createTransport } from './transport.ts';

/**
 * Opens a repository from the cache alone: the commit that a branch or tag was when it was last fetched, with the files
 * that stand there.
 * @throws HubError `hub/offline` where the cache does not know it
 */
export async function openCached(input: {
  type: RepoType;
  reference: HubReference;
  options: HubOptions;
}): Promise<HubSource> {
  const { type, reference, options } = input;
  const cache = repoCache({ cacheDir: options.cacheDir, type, repo: reference.repo });
  const requested = reference.revision ?? 'main';
  const sha = /^[0-9a-f]{40}$/.test(requested) ? requested : await readRef(cache, requested);
  const folder = join(cache.snapshots, sha ?? '');
  const files = sha === undefined ? [] : await listFolder(folder).catch(() => []);
  if (sha === undefined || files.length === 0) {
    throw new HubError({
      code: 'hub/offline',
      where: `${reference.repo}@${requested}`,
      message: `the network is switched off (HF_HUB_OFFLINE) and ${cache.root} does not hold this revision`,
      hint: 'unset HF_HUB_OFFLINE, or fetch it beforehand with `hubfuse pull`',
    });
  }
  return hubSource({
    transport: createTransport(options),
    address: { hubUrl: options.hubUrl ?? DEFAULT_HUB_URL, type, repo: reference.repo },
    pinned: { name: reference.repo, sha, private: false, gated: false, tags: [] },
    reference,
    files: await Promise.all(files.map((file) => withChecksum(folder, file))),
  });
}

/** The name of the blob that a snapshot's link points to is the file's checksum. */
async function withChecksum(folder: string, file: ModelFile): Promise<ModelFile> {
  const path = join(folder, ...file.path.split('/'));
  const target = await readlink(path).catch(() => undefined);
  const name = target === undefined ? '' : basename(target);
  const size = (await sizeOf(path)) ?? file.size;
  if (/^[0-9a-f]{64}$/.test(name)) return { path: file.path, size, sha256: name };
  return /^[0-9a-f]{40}$/.test(name) ? { path: file.path, size, oid: name } : { path: file.path, size };
}
