import { Semaphore, settleAll } from '@hubfuse/plugin';
import { apiAddress, pageAddress } from './addresses.ts';
import { listRepository } from './list-repository.ts';
import { manifestDigest } from './manifest.ts';
import { attemptMark, contentMark, hasMark } from './marks.ts';
import { holdsOutputs, type Publication } from './publication.ts';
import { newestCommits, type PublishTarget, readManifestAt, type TargetState } from './publish-target.ts';
import { pullRequestRefs } from './pull-request-refs.ts';
import { settlePullRequests } from './pull-requests-of-intent.ts';
import type { Transport } from './transport.ts';

/** How far back a branch's history is searched. */
const MAX_COMMITS = 500;
/** How many pull requests are looked into, newest first. */
const MAX_PULL_REQUESTS = 100;
const PARALLEL_LOOKUPS = 8;

/** Where a content is published already. */
export interface Published {
  as: 'commit' | 'pull_request';
  revision: string;
  url: string;
  pullRequest?: number;
}

interface Search {
  target: PublishTarget;
  state: TargetState;
  publication: Publication;
  /** How it is going to be published: a pull request is no reason not to commit. */
  as: 'commit' | 'pull_request';
  /** The run's id, where it has one. */
  attempt: string | undefined;
  /** What was written down before this publication, where something was. */
  intent: string | undefined;
  transport: Transport;
}

/**
 * Finds what an earlier attempt published, however it ended: the branch that holds the same content now, a commit of the
 * same attempt that was replaced since, or an open pull request (a closed or merged one counts for its own attempt:
 * another attempt asks anew).
 */
export async function findPublished(search: Search): Promise<Published | undefined> {
  const onBranch = await findOnBranch(search);
  return onBranch ?? (search.as === 'pull_request' ? await findPullRequest(search) : undefined);
}

async function findOnBranch({
  target,
  state,
  publication,
  attempt,
  transport,
}: Search): Promise<Published | undefined> {
  const url = pageAddress(target.address, target.branch === 'main' ? undefined : target.branch);
  const there =
    state.manifest !== undefined &&
    manifestDigest(state.manifest) === publication.digest &&
    holdsOutputs(state.files, publication.outputs);
  if (!there && (attempt === undefined || state.manifest === undefined)) return undefined;
  const commits = await newestCommits({ target, revision: state.head, limit: MAX_COMMITS, transport });
  const marked = commits.find(
    ({ text }) =>
      hasMark(text, contentMark(publication.digest)) &&
      (there || (attempt !== undefined && hasMark(text, attemptMark(attempt)))),
  );
  if (marked !== undefined) return { as: 'commit', revision: marked.id, url };
  return there ? { as: 'commit', revision: state.head, url } : undefined;
}

/** The pull request with this content, found by what it holds: titles and texts may be edited by anyone. */
async function findPullRequest(search: Search): Promise<Published | undefined> {
  const { target, publication, transport, intent } = search;
  const intended =
    intent === undefined ? undefined : await settlePullRequests({ target, publication, intent, transport });
  if (intended !== undefined) return pullRequestAt(target, intended);
  const lookups = new Semaphore(PARALLEL_LOOKUPS);
  const refs = await pullRequestRefs(target, transport);
  const found = await settleAll(
    refs.slice(0, MAX_PULL_REQUESTS).map((pull) =>
      lookups.run(async () => {
        const at = { address: target.address, revision: pull.targetCommit, transport };
        const manifest = await readManifestAt(at);
        if (manifest === undefined || manifestDigest(manifest) !== publication.digest) return undefined;
        const same = holdsOutputs(await listRepository(at), publication.outputs);
        return same && (await counts(search, pull.number)) ? pull : undefined;
      }),
    ),
  );
  const pull = found.find((candidate) => candidate !== undefined);
  return pull && pullRequestAt(target, { number: pull.number, revision: pull.targetCommit });
}

export function pullRequestAt(
  target: PublishTarget,
  { number, revision }: { number: number; revision: string },
): Published & { pullRequest: number } {
  return { as: 'pull_request', revision, url: discussionAddress(target, number), pullRequest: number };
}

/** Whether a pull request with the content counts as published. */
async function counts({ target, attempt, transport }: Search, number: number): Promise<boolean> {
  const response = await transport.fetch(`${apiAddress(target.address)}/discussions/${number}`);
  // Discussions may be switched off; the content is there all the same.
  if (!response.ok) return true;
  const discussion = (await response.json()) as { status?: string };
  if (discussion.status === 'open' || discussion.status === 'draft') return true;
  // The first comment holds the description that it was opened with.
  return attempt !== undefined && textsIn(discussion).some((text) => hasMark(text, attemptMark(attempt)));
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

export function discussionAddress({ address }: PublishTarget, number: number): string {
  return `${pageAddress(address)}/discussions/${number}`;
}
