import { readFile, stat } from 'node:fs/promises';
import type { BlobStore } from './blob-store.ts';
import type { Change } from './commit.ts';
import { blobId, lfsPointer } from './git-objects.ts';
import { isLargeFile } from './lfs-rule.ts';

type Put = Extract<Change, { kind: 'put' }>;

/** The change that puts a file whose content is in memory, large or not by the Hub's rule; the content is stored. */
export async function putContent(blobs: BlobStore, file: { path: string; content: Uint8Array }): Promise<Put> {
  const { sha256, size } = await blobs.put(file.content);
  if (isLargeFile({ path: file.path, size })) return putLargeFile({ path: file.path, sha256, size });
  return { kind: 'put', path: file.path, oid: blobId(file.content), size, sha256, lfs: false };
}

/** The change that puts a large file whose content is in the blob store. */
export function putLargeFile(file: { path: string; sha256: string; size: number }): Put {
  const { path, sha256, size } = file;
  return { kind: 'put', path, oid: blobId(lfsPointer(file)), size, sha256, lfs: true };
}

/** The change that puts a file of the local disk, large or not by the Hub's rule. */
export async function putLocalFile(blobs: BlobStore, file: { path: string; source: string }): Promise<Put> {
  const { size } = await stat(file.source);
  if (!isLargeFile({ path: file.path, size })) {
    return putContent(blobs, { path: file.path, content: await readFile(file.source) });
  }
  return putLargeFile({ path: file.path, ...(await blobs.copyIn(file.source)) });
}
