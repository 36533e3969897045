import type { ModelFile } from '@hubfuse/plugin';
import type { RepoAddress } from './addresses.ts';
import { repoCache } from './cache-layout.ts';
import { missingFile } from './missing-file.ts';
import type { PinnedRepository } from './pin.ts';
import { RangedReader, resolveRange } from './ranged-reader.ts';
import type { HubReference, HubSource } from './source.ts';
import type { Transport } from './transport.ts';

/** The source over what is known of a repository. */
export function hubSource(input: {
  transport: Transport;
  address: RepoAddress;
  pinned: PinnedRepository;
  reference: HubReference;
  files: readonly ModelFile[];
}): HubSource {
  const { transport, address, pinned, reference, files } = input;
  const cache = repoCache({ cacheDir: transport.options.cacheDir, type: address.type, repo: address.repo });
  const reader = new RangedReader({ transport, address, revision: pinned.sha, cache });
  const byPath = new Map(files.map((file) => [file.path, file]));
  const requested = reference.revision ?? 'main';
  return {
    kind: 'hub',
    type: address.type,
    hubUrl: address.hubUrl,
    reference: reference.reference ?? `${reference.repo}${reference.revision === undefined ? '' : `@${requested}`}`,
    name: address.repo,
    revision: pinned.sha,
    requestedRevision: reference.requestedRevision ?? requested,
    ...(address.repo === reference.repo ? {} : { renamedFrom: reference.repo }),
    private: pinned.private,
    gated: pinned.gated,
    tags: pinned.tags,
    ...(pinned.pipelineTag === undefined ? {} : { pipelineTag: pinned.pipelineTag }),
    ...(pinned.libraryName === undefined ? {} : { libraryName: pinned.libraryName }),
    files,
    async read(path, range) {
      const file = byPath.get(path);
      if (file === undefined) {
        throw missingFile({ where: `${address.repo}@${pinned.sha.slice(0, 12)}`, path, files });
      }
      return await reader.read(file, resolveRange(file, range));
    },
  };
}
