import type { ModelFile } from '@hubfuse/plugin';
import { listFiles } from '@huggingface/hub';
import { checkFilePath, type RepoAddress } from './addresses.ts';
import { explainingFetch } from './explaining-fetch.ts';
import type { Transport } from './transport.ts';

/** All files of a revision, sorted by path. @throws HubError `hub/unsafe-path` */
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
    files.push({
      path: entry.path,
      size: entry.lfs?.size ?? entry.size,
      ...(entry.lfs === undefined ? {} : { sha256: entry.lfs.oid }),
      ...(entry.oid === undefined ? {} : { oid: entry.oid }),
    });
  }
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}
