import { HubError, type ModelFile } from '@hubfuse/plugin';
import { listFiles } from '@huggingface/hub';
import { checkFilePath, type RepoAddress } from './addresses.ts';
import { explainingFetch } from './explaining-fetch.ts';
import type { Transport } from './transport.ts';

/** SHA-256 or git's SHA-1. */
const CHECKSUM = /^(?:[0-9a-f]{64}|[0-9a-f]{40})$/;

/** All files of a revision, sorted by path. @throws HubError `hub/unsafe-path`, `hub/bad-checksum` */
export async function listRepository(input: {
  transport: Transport;
  address: RepoAddress;
  revision: string;
}): Promise<ModelFile[]> {
  const { transport, address, revision } = input;
  const { type, repo, hubUrl } = address;
  const files: ModelFile[] = [];
  const listing = listFiles({
    repo: { type, name: repo },
    revision: encodeURIComponent(revision),
    recursive: true,
    hubUrl,
    fetch: explainingFetch(transport, { type, repo, revision }),
  });
  for await (const entry of listing) {
    if (entry.type !== 'file') continue;
    checkFilePath(entry.path, repo);
    checkChecksums([entry.oid, entry.lfs?.oid], `${repo}/${entry.path}`);
    files.push({
      path: entry.path,
      size: entry.lfs?.size ?? entry.size,
      ...(entry.lfs === undefined ? {} : { sha256: entry.lfs.oid }),
      ...(entry.oid === undefined ? {} : { oid: entry.oid }),
    });
  }
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Contents have their checksum as the name of their file in the cache, so anything else must not pass as one. */
function checkChecksums(checksums: readonly (string | undefined)[], where: string): void {
  if (checksums.every((checksum) => checksum === undefined || CHECKSUM.test(checksum))) return;
  throw new HubError({
    code: 'hub/bad-checksum',
    where,
    message: 'the Hub states something as the checksum of this file that is none',
    hint: 'do not use this repository',
  });
}
