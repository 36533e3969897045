import { stat } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { HubError, type ModelFile } from '@hubfuse/plugin';
import { sha256OfFile } from '@hubfuse/tensors';
import { checkFilePath, checkRepoId, pageAddress } from './addresses.ts';
import { gitOidOfFile } from './checksum.ts';
import { commitOnce, ParentMoved } from './commit-once.ts';
import { discussionAddress, type Published } from './find-published.ts';
import { listRepository } from './list-repository.ts';
import type { ManifestOutput } from './manifest.ts';
import { contentMark } from './marks.ts';
import type { HubOptions } from './options.ts';
import { pin } from './pin.ts';
import { holdsOutputs } from './publication.ts';
import { type PublishTarget, readTarget } from './publish-target.ts';
import type { PublishResult } from './publish-types.ts';
import { pullRequestRefs } from './pull-request-refs.ts';
import { requiredToken } from './token.ts';
import { createTransport, type Transport } from './transport.ts';

/** How often a commit is made anew because the branch moved. */
const MAX_ROUNDS = 5;
/** How many pull requests are looked into, newest first. */
const MAX_PULL_REQUESTS = 20;

export interface PublishFileRequest {
  /** An existing model repository, `namespace/name`. */
  repo: string;
  /** The local file. */
  file: string;
  /** Where it goes inside the repository. */
  path: string;
  /** Default `commit`. */
  as?: 'commit' | 'pull_request' | undefined;
  /** Branch to commit on or to ask to be pulled into. Default `main`. */
  branch?: string | undefined;
  /** First line of the commit, or the pull request's title. */
  title: string;
  description?: string | undefined;
  options: HubOptions;
}

type Output = ManifestOutput & Pick<ModelFile, 'oid'>;

/**
 * Puts one file beside what a model's repository holds: one commit or one pull request, and none where the branch, or an
 * earlier pull request of the same content, has it already. No other file is touched.
 * @throws HubError `hub/no-token`, `hub/bad-token`, `hub/forbidden`, `hub/repo-not-found`, `hub/contended`, or one of the
 * network's
 */
export async function publishFile(request: PublishFileRequest): Promise<PublishResult> {
  const { repo, options, path } = request;
  requiredToken(options, `publishing to ${repo}`);
  checkRepoId(repo, true);
  checkFilePath(path, repo);
  const output = await describe(request);
  const transport = createTransport(options);
  const pinned = await pin({ transport, type: 'model', reference: { kind: 'hub', repo } });
  const target: PublishTarget = {
    address: { hubUrl: transport.hubUrl, type: 'model', repo: pinned.name },
    branch: request.branch ?? 'main',
    created: false,
  };
  for (let round = 1; ; round++) {
    const state = await readTarget(target, transport);
    const earlier = await findFile({ request, output, target, transport });
    if (earlier !== undefined) return { ...earlier, created: false, already: true };
    try {
      return await commit({ request, output, target, head: state.head, transport });
    } catch (failure) {
      if (!(failure instanceof ParentMoved)) throw failure;
      if (round < MAX_ROUNDS) continue;
      throw new HubError({
        code: 'hub/contended',
        where: pageAddress(target.address),
        message: `others committed to ${target.branch} each time that this was about to, ${MAX_ROUNDS} times`,
        hint: 'try later, or publish as a pull request',
      });
    }
  }
}

async function describe({ file, path, options }: PublishFileRequest): Promise<Output> {
  const { size } = await stat(file);
  return { path, size, sha256: await sha256OfFile(file, options.signal), oid: await gitOidOfFile(file, size) };
}

interface Attempt {
  request: PublishFileRequest;
  output: Output;
  target: PublishTarget;
  transport: Transport;
}

async function commit({
  request,
  output,
  target,
  transport,
  head,
}: Attempt & { head: string }): Promise<PublishResult> {
  const { as = 'commit', title, description, file, path } = request;
  const made = await commitOnce({
    target,
    as,
    parent: head,
    title,
    description: [...(description === undefined ? [] : [description]), contentMark(output.sha256)].join('\n\n'),
    operations: [{ operation: 'addOrUpdate', path, content: pathToFileURL(file) }],
    outputs: [output],
    xet: false,
    transport,
    async recognise() {
      const found = await findFile({ request, output, target, transport });
      if (found === undefined) return undefined;
      const answer = { commit: { oid: found.revision, url: found.url }, hookOutput: '' };
      return found.pullRequest === undefined ? answer : { ...answer, pullRequestUrl: found.url };
    },
  });
  const result = { revision: made.commit.oid, as, created: false, already: false };
  const number = Number(/\/discussions\/(\d+)/.exec(made.pullRequestUrl ?? '')?.[1]);
  if (as === 'commit') return { ...result, url: pageOf(target) };
  return { ...result, url: discussionAddress(target, number), pullRequest: number };
}

/** Where the very file is already: on the branch, or in a pull request where one is asked for. */
async function findFile({ request, output, target, transport }: Attempt): Promise<Published | undefined> {
  const { head, files } = await readTarget(target, transport);
  if (holdsOutputs(files, [output])) return { as: 'commit', revision: head, url: pageOf(target) };
  if (request.as !== 'pull_request') return undefined;
  const refs = await pullRequestRefs(target, transport);
  for (const { number, targetCommit } of refs.slice(0, MAX_PULL_REQUESTS)) {
    const revision = targetCommit;
    if (!holdsOutputs(await listRepository({ transport, address: target.address, revision }), [output])) continue;
    return { as: 'pull_request', revision, url: discussionAddress(target, number), pullRequest: number };
  }
  return undefined;
}

function pageOf({ address, branch }: PublishTarget): string {
  return pageAddress(address, branch === 'main' ? undefined : branch);
}
