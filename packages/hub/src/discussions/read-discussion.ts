import {
  type DiscussionAccess,
  discussionAccess,
  discussionPage,
  readComments,
  readSummary,
  requestDiscussion,
} from './discussion-request.ts';
import type { Discussion, DiscussionPlace } from './discussion-types.ts';

/**
 * A discussion with its comments.
 * @throws HubError `hub/discussion-not-found`, `hub/repo-not-found`, `hub/forbidden`, or one of the network's
 */
export async function readDiscussion(request: DiscussionPlace & { number: number }): Promise<Discussion> {
  return await discussionAt(discussionAccess(request), request.number);
}

export async function discussionAt(access: DiscussionAccess, number: number): Promise<Discussion> {
  const answer = (await requestDiscussion(access, {
    path: `/${number}`,
    action: 'read a discussion of',
    number,
  })) as Readonly<Record<string, unknown>>;
  const changes = answer.changes as { base?: string; mergeCommitId?: string } | undefined;
  return {
    ...readSummary(answer, access.address),
    url: discussionPage(access.repository, number),
    comments: readComments(answer.events),
    ...(changes?.base === undefined ? {} : { branch: changes.base.replace(/^refs\/heads\//, '') }),
    ...(changes?.mergeCommitId === undefined ? {} : { mergeCommit: changes.mergeCommitId }),
  };
}
