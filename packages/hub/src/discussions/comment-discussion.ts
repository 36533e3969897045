import { randomBytes } from 'node:crypto';
import { badAnswer, postOnce } from '../post-once.ts';
import { requiredToken } from '../token.ts';
import {
  type DiscussionAccess,
  discussionAccess,
  discussionPage,
  readComment,
  refusedDiscussion,
} from './discussion-request.ts';
import type { DiscussionComment, DiscussionPlace } from './discussion-types.ts';
import { discussionAt } from './read-discussion.ts';

export interface CommentRequest extends DiscussionPlace {
  number: number;
  /** Markdown. */
  text: string;
  /**
   * Names this comment across restarts: a comment of the discussion that carries it is found instead of being written
   * again. It goes with the text as an HTML comment, which pages do not show. Default: a random word, so that a lost
   * answer makes no second comment.
   */
  marker?: string | undefined;
}

export interface CommentResult {
  id: string;
  url: string;
  /** True where an earlier attempt had written it. */
  already: boolean;
}

/**
 * Comments on a discussion or pull request, once.
 * @throws HubError `hub/no-token`, `hub/discussion-not-found`, `hub/repo-not-found`, `hub/forbidden`, or one of the
 * network's
 */
export async function commentDiscussion(request: CommentRequest): Promise<CommentResult> {
  requiredToken(request.options, `commenting on ${request.repo}`);
  return await commentAt(discussionAccess(request), request);
}

export async function commentAt(
  access: DiscussionAccess,
  { number, text, marker }: Pick<CommentRequest, 'number' | 'text' | 'marker'>,
): Promise<CommentResult> {
  const mark = commentMark(marker ?? randomBytes(9).toString('base64url'));
  const result = ({ id }: DiscussionComment, already: boolean): CommentResult => {
    return { id, url: `${discussionPage(access.repository, number)}#${id}`, already };
  };
  const find = async () => {
    const { comments } = await discussionAt(access, number);
    return comments.find((comment) => comment.text.includes(mark));
  };
  const earlier = marker === undefined ? undefined : await find();
  if (earlier !== undefined) return result(earlier, true);
  return await postOnce({
    transport: access.transport,
    address: `${access.address}/${number}/comment`,
    body: { comment: `${text}\n\n${mark}` },
    refuse: (refusal) => refusedDiscussion(refusal, access, { action: 'comment on', number }),
    recognise: async () => {
      const found = await find();
      return found && result(found, false);
    },
    read: (answer) => {
      const { newMessage } = answer as { newMessage?: Readonly<Record<string, unknown>> };
      if (newMessage === undefined) throw badAnswer(access.address);
      return result(readComment(newMessage), false);
    },
  });
}

/** @throws RangeError where a marker would end the HTML comment that it stands in */
function commentMark(marker: string): string {
  if (!/^[\w.:/@-]+$/.test(marker) || marker.includes('--')) throw new RangeError(`"${marker}" cannot mark a comment`);
  return `<!-- hubfuse: ${marker} -->`;
}
