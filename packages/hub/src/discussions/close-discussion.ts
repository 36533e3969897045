import { requiredToken } from '../token.ts';
import { commentAt } from './comment-discussion.ts';
import { type DiscussionAccess, discussionAccess, requestDiscussion } from './discussion-request.ts';
import type { DiscussionPlace } from './discussion-types.ts';
import { discussionAt } from './read-discussion.ts';

export interface CloseRequest extends DiscussionPlace {
  number: number;
  /** Why, in Markdown: written as a comment first. */
  comment?: string | undefined;
}

/**
 * Closes a discussion or pull request. Returns false where it was closed or merged already; then nothing is written.
 * @throws HubError `hub/no-token`, `hub/discussion-not-found`, `hub/repo-not-found`, `hub/forbidden`, or one of the
 * network's
 */
export async function closeDiscussion(request: CloseRequest): Promise<boolean> {
  requiredToken(request.options, `closing a discussion of ${request.repo}`);
  return await closeAt(discussionAccess(request), request);
}

export async function closeAt(
  access: DiscussionAccess,
  { number, comment }: Pick<CloseRequest, 'number' | 'comment'>,
): Promise<boolean> {
  const { status } = await discussionAt(access, number);
  if (status === 'closed' || status === 'merged') return false;
  if (comment !== undefined) await commentAt(access, { number, text: comment, marker: `closed-${number}` });
  await requestDiscussion(access, {
    path: `/${number}/status`,
    method: 'POST',
    body: { status: 'closed' },
    action: 'close a discussion of',
    number,
  });
  return true;
}
