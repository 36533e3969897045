import { Semaphore, settleAll } from '@hubfuse/plugin';
import { hasMark } from '../marks.ts';
import { type DiscussionAccess, discussionAccess } from './discussion-request.ts';
import type { Discussion, DiscussionPlace } from './discussion-types.ts';
import { type DiscussionFilter, discussionsAt } from './list-discussions.ts';
import { discussionAt } from './read-discussion.ts';

/** How many pull requests are looked into, newest first. */
const MAX_LOOKED_INTO = 200;
const PARALLEL_LOOKUPS = 8;

/**
 * The pull requests whose description carries a mark on a line of its own, oldest first. Descriptions can be edited, and
 * anyone may copy a mark: `author` keeps those of one account.
 * @throws HubError `hub/repo-not-found`, `hub/forbidden`, or one of the network's
 */
export async function findPullRequests(
  request: DiscussionPlace & Pick<DiscussionFilter, 'status' | 'author'> & { mark: string },
): Promise<Discussion[]> {
  return await pullRequestsAt(discussionAccess(request), request);
}

/** The oldest of `findPullRequests`. */
export async function findPullRequest(
  request: Parameters<typeof findPullRequests>[0],
): Promise<Discussion | undefined> {
  return (await findPullRequests(request))[0];
}

export async function pullRequestsAt(
  access: DiscussionAccess,
  { mark, status, author }: Pick<DiscussionFilter, 'status' | 'author'> & { mark: string },
): Promise<Discussion[]> {
  const numbers: number[] = [];
  for await (const { number, author: by } of discussionsAt(access, { kind: 'pull_request', status, author })) {
    // A Hub that does not know the filter must not widen the answer.
    if (author === undefined || by === author) numbers.push(number);
    if (numbers.length >= MAX_LOOKED_INTO) break;
  }
  const lookups = new Semaphore(PARALLEL_LOOKUPS);
  const found = await settleAll(numbers.map((number) => lookups.run(() => discussionAt(access, number))));
  return found.filter(({ comments }) => hasMark(comments[0]?.text ?? '', mark)).sort((a, b) => a.number - b.number);
}
