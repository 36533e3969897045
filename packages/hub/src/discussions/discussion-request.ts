import { HubError } from '@hubfuse/plugin';
import { apiAddress, checkRepoId, pageAddress, type RepoAddress } from '../addresses.ts';
import { explainRefusal, type Refusal } from '../failures.ts';
import { badAnswer, parseAnswer } from '../post-once.ts';
import { createTransport, type Transport } from '../transport.ts';
import type { DiscussionComment, DiscussionPlace, DiscussionStatus, DiscussionSummary } from './discussion-types.ts';

/** How the discussions of a repository are reached. */
export interface DiscussionAccess {
  transport: Transport;
  repository: RepoAddress;
  /** Without a slash at the end. */
  address: string;
}

/** @throws HubError `hub/bad-repo-id` */
export function discussionAccess({ repo, type = 'model', options }: DiscussionPlace): DiscussionAccess {
  checkRepoId(repo);
  const transport = createTransport(options);
  return accessTo({ hubUrl: transport.hubUrl, type, repo }, transport);
}

export function accessTo(repository: RepoAddress, transport: Transport): DiscussionAccess {
  return { transport, repository, address: `${apiAddress(repository)}/discussions` };
}

/**
 * A request that may be repeated. Returns the answer's JSON.
 * @throws the HubError that explains a refusal, or one of the network's
 */
export async function requestDiscussion(
  access: DiscussionAccess,
  request: { path?: string; method?: 'GET' | 'POST'; body?: unknown; action: string; number?: number },
): Promise<unknown> {
  const { path = '', method = 'GET', body, action, number } = request;
  const response = await access.transport.fetch(`${access.address}${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (response.ok) return parseAnswer(text, access.address);
  const refusal = { status: response.status, headers: response.headers, body: text };
  throw refusedDiscussion(refusal, access, { action, ...(number === undefined ? {} : { number }) });
}

/** The error for a refusal of a request about discussions. */
export function refusedDiscussion(
  refusal: Refusal,
  { transport, repository }: DiscussionAccess,
  about: { action: string; number?: number },
): HubError {
  const failure = explainRefusal(refusal, { ...repository, action: about.action }, transport.options);
  const named = refusal.headers.get('x-error-code') === 'RepoNotFound';
  if (refusal.status !== 404 || named || about.number === undefined) return failure;
  return new HubError({
    code: 'hub/discussion-not-found',
    where: discussionPage(repository, about.number),
    message: `${repository.repo} has no discussion or pull request ${about.number}`,
  });
}

export function discussionPage(repository: RepoAddress, number: number): string {
  return `${pageAddress(repository)}/discussions/${number}`;
}

/** @throws HubError `hub/bad-answer` */
export function readSummary(value: unknown, address: string): DiscussionSummary {
  const found = value as Readonly<Record<string, unknown>> | null;
  if (typeof found?.num !== 'number' || typeof found.title !== 'string') throw badAnswer(address);
  return {
    number: found.num,
    title: found.title,
    ...authorOf(found),
    status: found.status as DiscussionStatus,
    isPullRequest: found.isPullRequest === true,
    createdAt: String(found.createdAt),
  };
}

/** The comments among a discussion's events, in order. */
export function readComments(events: unknown): DiscussionComment[] {
  if (!Array.isArray(events)) return [];
  return (events as Readonly<Record<string, unknown>>[]).flatMap((event) => {
    return event.type === 'comment' ? [readComment(event)] : [];
  });
}

export function readComment(event: Readonly<Record<string, unknown>>): DiscussionComment {
  const data = event.data as { hidden?: boolean; latest?: { raw?: string } } | undefined;
  const hidden = data?.hidden === true;
  return {
    id: String(event.id),
    ...authorOf(event),
    createdAt: String(event.createdAt),
    text: hidden ? '' : (data?.latest?.raw ?? ''),
    hidden,
  };
}

function authorOf(value: Readonly<Record<string, unknown>>): { author?: string } {
  const name = (value.author as { name?: unknown } | null | undefined)?.name;
  return typeof name === 'string' ? { author: name } : {};
}
