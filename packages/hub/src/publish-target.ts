import { HubError, type ModelFile } from '@hubfuse/plugin';
import { createBranch, createRepo, listCommits } from '@huggingface/hub';
import { fileAddress, pageAddress, type RepoAddress } from './addresses.ts';
import { explainingFetch } from './explaining-fetch.ts';
import { explainRefusal } from './failures.ts';
import { listRepository } from './list-repository.ts';
import { MANIFEST_FILE, type Manifest, parseManifest } from './manifest.ts';
import { type PinnedRepository, pin } from './pin.ts';
import type { PublishRequest } from './publish-types.ts';
import { requiredToken } from './token.ts';
import type { Transport } from './transport.ts';

const ACTION = 'publish to';

/** The repository that is published to, as it is now. */
export interface PublishTarget {
  address: RepoAddress;
  branch: string;
  /** Whether this call made it. */
  created: boolean;
}

/** A revision of the target. */
export interface TargetState {
  /** Commit of the branch. */
  head: string;
  files: readonly ModelFile[];
  /** Undefined where there is none or it cannot be read: then the branch is not ours. */
  manifest: Manifest | undefined;
}

/**
 * Finds the repository, or makes it.
 * @throws HubError `hub/visibility` where it is public and must be private
 */
export async function ensureTarget(request: PublishRequest, transport: Transport): Promise<PublishTarget> {
  const branch = request.branch ?? 'main';
  const known = await lookUp(request.repo, transport);
  const created = known === undefined && (await create(request, transport));
  const repo = known?.name ?? request.repo;
  const address: RepoAddress = { hubUrl: transport.hubUrl, type: 'model', repo };
  if (known !== undefined && known.name !== request.repo) {
    request.options.onProgress?.({ type: 'renamed', from: request.repo, to: known.name });
  }
  if (known !== undefined && request.private === true && !known.private) {
    throw new HubError({
      code: 'hub/visibility',
      where: pageAddress(address),
      message: `${repo} is public and this must be published privately`,
      hint: 'make it private in its settings, or publish to another name',
    });
  }
  return { address, branch, created };
}

async function lookUp(repo: string, transport: Transport): Promise<PinnedRepository | undefined> {
  try {
    return await pin({ transport, type: 'model', reference: { kind: 'hub', repo } });
  } catch (failure) {
    if (failure instanceof HubError && failure.code === 'hub/repo-not-found') return undefined;
    throw failure;
  }
}

/** False where somebody else made it meanwhile, or an earlier attempt whose answer was lost. */
async function create(request: PublishRequest, transport: Transport): Promise<boolean> {
  const { repo, options } = request;
  const address: RepoAddress = { hubUrl: transport.hubUrl, type: 'model', repo };
  let existed = false;
  await createRepo({
    repo: { type: 'model', name: repo },
    hubUrl: transport.hubUrl,
    accessToken: requiredToken(options, `publishing to ${repo}`),
    ...(request.private === undefined ? {} : { visibility: request.private ? 'private' : 'public' }),
    fetch: async (input, init) => {
      const response = await transport.fetch(input, init);
      existed = response.status === 409;
      if (existed) return Response.json({ url: pageAddress(address), id: repo });
      if (response.ok) return response;
      const refusal = { status: response.status, headers: response.headers, body: await response.text() };
      throw explainRefusal(refusal, { ...address, action: ACTION }, options);
    },
  });
  return !existed;
}

/** The branch as it is now; one that does not exist begins at main. */
export async function readTarget(target: PublishTarget, transport: Transport): Promise<TargetState> {
  const { address, branch } = target;
  const reference = { kind: 'hub', repo: address.repo, revision: branch } as const;
  let pinned: PinnedRepository;
  try {
    pinned = await pin({ transport, type: 'model', reference });
  } catch (failure) {
    if (!(failure instanceof HubError) || failure.code !== 'hub/revision-not-found' || branch === 'main') throw failure;
    await createBranch({
      repo: { type: 'model', name: address.repo },
      branch,
      revision: 'main',
      hubUrl: address.hubUrl,
      fetch: explainingFetch(transport, { type: 'model', repo: address.repo, action: ACTION }),
    });
    pinned = await pin({ transport, type: 'model', reference });
  }
  return await readState({ address, revision: pinned.sha, transport });
}

export async function readState(input: {
  address: RepoAddress;
  revision: string;
  transport: Transport;
}): Promise<TargetState> {
  const { address, revision, transport } = input;
  const files = await listRepository({ transport, address, revision });
  const listed = files.some(({ path }) => path === MANIFEST_FILE);
  const manifest = listed ? await readManifestAt(input) : undefined;
  return { head: revision, files, manifest };
}

/** The manifest of a revision; undefined where there is none, or one that is not hubfuse's. */
export async function readManifestAt(input: {
  address: RepoAddress;
  revision: string;
  transport: Transport;
}): Promise<Manifest | undefined> {
  const { address, revision, transport } = input;
  const where = fileAddress(address, revision, MANIFEST_FILE);
  const response = await transport.fetch(where);
  if (response.status === 404) return undefined;
  const text = await response.text();
  if (!response.ok) {
    const { status, headers } = response;
    throw explainRefusal(
      { status, headers, body: text },
      { ...address, revision, path: MANIFEST_FILE },
      transport.options,
    );
  }
  try {
    return parseManifest(text, where);
  } catch (failure) {
    if (failure instanceof HubError && failure.code === 'hub/bad-manifest') return undefined;
    throw failure;
  }
}

/** The newest commits of a revision with title and text, newest first. */
export async function newestCommits(input: {
  target: PublishTarget;
  revision: string;
  limit: number;
  transport: Transport;
}): Promise<{ id: string; text: string }[]> {
  const { target, revision, limit, transport } = input;
  const { repo, hubUrl } = target.address;
  const found: { id: string; text: string }[] = [];
  const commits = listCommits({
    repo: { type: 'model', name: repo },
    revision,
    batchSize: Math.min(limit, 100),
    hubUrl,
    fetch: explainingFetch(transport, { type: 'model', repo, revision }),
  });
  for await (const { oid, title, message } of commits) {
    found.push({ id: oid, text: `${title}\n${message}` });
    if (found.length >= limit) break;
  }
  return found;
}
