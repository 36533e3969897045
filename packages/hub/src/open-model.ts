import type { ModelFile, ModelSource } from '@hubfuse/plugin';
import { checkRepoId, fileAddress, type RepoAddress } from './addresses.ts';
import { explainingFetch } from './explaining-fetch.ts';
import { hubSource } from './hub-source.ts';
import { listRepository } from './list-repository.ts';
import { openCached } from './open-cached.ts';
import { openFolder } from './open-folder.ts';
import type { HubOptions } from './options.ts';
import { explainMissing, pin } from './pin.ts';
import type { RepoType, SourceReference } from './source.ts';
import { createTransport, type Transport } from './transport.ts';

/**
 * Opens a model: a repository of the Hub, pinned to the commit that its revision is now, or a local folder. Costs two
 * requests and no download. A repository that was renamed is followed, which a `renamed` event says.
 * @throws HubError `hub/repo-not-found`, `hub/no-token`, `hub/bad-token`, `hub/private`, `hub/gated`, `hub/disabled`,
 * `hub/revision-not-found`, `hub/not-a-model`, `hub/folder-not-found`, or one of the network's
 */
export async function openModel(reference: SourceReference, options: HubOptions): Promise<ModelSource> {
  return await openSource('model', reference, options);
}

/** Opens a dataset repository or a local folder with data; like `openModel`. */
export async function openDataset(reference: SourceReference, options: HubOptions): Promise<ModelSource> {
  return await openSource('dataset', reference, options);
}

async function openSource(type: RepoType, reference: SourceReference, options: HubOptions): Promise<ModelSource> {
  if (reference.kind === 'folder') return await openFolder(reference.path, reference.reference);
  checkRepoId(reference.repo);
  if (options.offline === true) return await openCached({ type, reference, options });
  const transport = createTransport(options);
  const pinned = await pin({ transport, type, reference }).catch(async (failure: unknown) => {
    throw await explainMissing({ failure, transport, type, reference });
  });
  const address: RepoAddress = { hubUrl: transport.hubUrl, type, repo: pinned.name };
  if (pinned.name !== reference.repo) {
    options.onProgress?.({ type: 'renamed', from: reference.repo, to: pinned.name });
  }
  const files = await listRepository({ transport, address, revision: pinned.sha });
  if (pinned.gated) await checkAccess({ transport, address, revision: pinned.sha, files });
  return hubSource({ transport, address, pinned, reference, files });
}

/** The Hub shows a gated repository to everyone and refuses its files; this says so before any plan is made. */
async function checkAccess(input: {
  transport: Transport;
  address: RepoAddress;
  revision: string;
  files: readonly ModelFile[];
}): Promise<void> {
  const { transport, address, revision, files } = input;
  const file = files.find(({ path }) => path === 'config.json') ?? files.find(({ path }) => !path.startsWith('.'));
  if (file === undefined) return;
  const { type, repo } = address;
  await explainingFetch(transport, { type, repo, revision, path: file.path })(
    fileAddress(address, revision, file.path),
    { headers: { range: 'bytes=0-0' } },
  );
}
