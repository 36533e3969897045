import { setTimeout as wait } from 'node:timers/promises';
import { HubError } from '@hubfuse/plugin';
import { closeAt } from './discussions/close-discussion.ts';
import { accessTo, type DiscussionAccess } from './discussions/discussion-request.ts';
import type { DiscussionStatus } from './discussions/discussion-types.ts';
import { pullRequestsAt } from './discussions/find-pull-request.ts';
import { discussionAt } from './discussions/read-discussion.ts';
import { manifestDigest } from './manifest.ts';
import { intentMark } from './marks.ts';
import { holdsOutputs, type Publication } from './publication.ts';
import { type PublishTarget, readState } from './publish-target.ts';
import { pullRequestRefs } from './pull-request-refs.ts';
import type { Transport } from './transport.ts';
import { whoAmI } from './who-am-i.ts';

/** Milliseconds for which a duplicate is left to the publisher that made it, who is about to find that it is one. */
const PATIENCE_MS = 5_000;
const LOOK_MS = 500;

/** A pull request that carries out an intent. */
export interface IntendedPullRequest {
  number: number;
  status: DiscussionStatus;
  /** Its head. */
  revision: string;
}

interface Search {
  target: PublishTarget;
  publication: Publication;
  intent: string;
  transport: Transport;
}

/**
 * The pull requests that were made for an intent, oldest first. Marks can be copied by anyone: only those of this account
 * with this content are meant. Where discussions cannot be read there are none.
 */
export async function pullRequestsOfIntent(search: Search): Promise<IntendedPullRequest[]> {
  const { target, publication, intent, transport } = search;
  const account = await whoAmI(transport.options);
  if (account === undefined) return [];
  const access = accessTo(target.address, transport);
  const marked = await pullRequestsAt(access, { mark: intentMark(intent), author: account.name }).catch(noneIfRefused);
  if (marked.length === 0) return [];
  const refs = await pullRequestRefs(target, transport);
  const found: IntendedPullRequest[] = [];
  for (const { number, status } of marked) {
    const revision = refs.find((ref) => ref.number === number)?.targetCommit;
    if (revision === undefined) continue;
    const { manifest, files } = await readState({ address: target.address, revision, transport });
    if (manifest === undefined || manifestDigest(manifest) !== publication.digest) continue;
    if (holdsOutputs(files, publication.outputs)) found.push({ number, status, revision });
  }
  return found;
}

/**
 * Of the pull requests of an intent the oldest is kept and the others are closed, each with the reason. Publishers that
 * race come to the same one, in whatever order they look. Each closes its own at once and leaves those of the others to them for a
 * moment: a comment cannot be made on condition either, and one reason is enough.
 * @param search.own the one that this publisher has just made; absent: all were made by publishers that may be gone
 * @returns the one that is kept; undefined where there is none
 */
export async function settlePullRequests(
  search: Search & { own?: number | undefined },
): Promise<IntendedPullRequest | undefined> {
  const [kept, ...duplicates] = await pullRequestsOfIntent(search);
  if (kept === undefined) return undefined;
  const access = accessTo(search.target.address, search.transport);
  const { own } = search;
  const open = duplicates.filter(({ status }) => status !== 'closed' && status !== 'merged');
  // One's own first: others wait for that.
  const inOrder = open.sort((a, b) => Number(b.number === own) - Number(a.number === own));
  for (const { number } of inOrder) {
    if (own !== undefined && number !== own) await untilClosed(access, number, search.transport.options.signal);
    // Nothing is said of one that is closed by now.
    await closeAt(access, {
      number,
      comment: `The same content was proposed twice; #${kept.number} is the one to look at.`,
    });
  }
  return kept;
}

/** Waits until somebody else has closed a pull request, for as long as patience goes. */
async function untilClosed(access: DiscussionAccess, number: number, signal: AbortSignal | undefined): Promise<void> {
  for (const end = performance.now() + PATIENCE_MS; performance.now() < end; ) {
    const { status } = await discussionAt(access, number);
    if (status === 'closed' || status === 'merged') return;
    await wait(LOOK_MS, undefined, { signal });
  }
}

/** A repository whose discussions are switched off has no pull requests to find by what they say. */
function noneIfRefused(failure: unknown): never[] {
  if (failure instanceof HubError && ['hub/forbidden', 'hub/repo-not-found', 'hub/refused'].includes(failure.code))
    return [];
  throw failure;
}
