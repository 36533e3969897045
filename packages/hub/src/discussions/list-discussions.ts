import { badAnswer } from '../post-once.ts';
import { type DiscussionAccess, discussionAccess, readSummary, requestDiscussion } from './discussion-request.ts';
import type { DiscussionPlace, DiscussionSummary } from './discussion-types.ts';

/** Which discussions are meant. */
export interface DiscussionFilter {
  /** Default: both. */
  kind?: 'discussion' | 'pull_request' | undefined;
  /** `closed` holds merged ones too, `open` drafts. Default: all. */
  status?: 'open' | 'closed' | undefined;
  /** Name of an account. */
  author?: string | undefined;
}

/** A Hub that never ends its list must not be read for ever. */
const MAX_PAGES = 1000;

/**
 * The discussions and pull requests of a repository, newest first, page by page as they are asked for.
 * @throws HubError `hub/repo-not-found`, `hub/forbidden`, or one of the network's
 */
export async function* listDiscussions(request: DiscussionPlace & DiscussionFilter): AsyncGenerator<DiscussionSummary> {
  yield* discussionsAt(discussionAccess(request), request);
}

export async function* discussionsAt(
  access: DiscussionAccess,
  { kind, status, author }: DiscussionFilter,
): AsyncGenerator<DiscussionSummary> {
  for (let page = 0, seen = 0; page < MAX_PAGES; page++) {
    const query = new URLSearchParams({ p: String(page) });
    if (kind !== undefined) query.set('type', kind);
    if (status !== undefined) query.set('status', status);
    if (author !== undefined) query.set('author', author);
    const answer = (await requestDiscussion(access, { path: `?${query}`, action: 'list the discussions of' })) as {
      discussions?: unknown;
      count?: unknown;
      start?: unknown;
    };
    if (!Array.isArray(answer.discussions)) throw badAnswer(access.address);
    for (const discussion of answer.discussions) yield readSummary(discussion, access.address);
    seen += answer.discussions.length;
    if (answer.discussions.length === 0 || seen >= Number(answer.count)) return;
  }
}
