import { ownsNamespace, requireWrite, requireWriter } from '../http/access.ts';
import { badRequest, HubRefusal } from '../http/errors.ts';
import { asString, type Hub, type HubRequest, openRepo } from '../http/request.ts';
import type { Discussion, DiscussionEvent } from '../storage/discussions.ts';
import { discussionEvent } from '../storage/pull-requests.ts';
import type { Repository } from '../storage/repository.ts';

/** What a request does to a discussion. */
export interface Alteration {
  fields?: Partial<Discussion>;
  /** Added to the discussion in order. */
  events: readonly Pick<DiscussionEvent, 'type' | 'data'>[];
  /** Whether only the author and who may write here may do it. */
  byAuthorOnly?: boolean;
}

/** Adds events to the discussion of the path and tells webhooks of each. Returns the events, in order. */
export async function changeDiscussion(
  hub: Hub,
  c: HubRequest,
  alter: (discussion: Discussion) => Alteration,
): Promise<DiscussionEvent[]> {
  const opened = await openRepo(hub, c);
  const caller = requireWriter(opened.caller);
  const { repository } = opened;
  const { discussion, added } = await repository.exclusively(async () => {
    const before = await findDiscussion(c, repository);
    const { fields, events, byAuthorOnly = false } = alter(before);
    if (byAuthorOnly && caller.name !== before.author && !ownsNamespace(caller, repository.namespace)) {
      requireWrite(caller, repository.namespace);
    }
    const made = events.map((event) => discussionEvent({ ...event, author: caller.name, date: new Date() }));
    const after: Discussion = { ...before, ...fields, events: [...before.events, ...made] };
    await repository.discussions.set(after);
    return { discussion: after, added: made };
  });
  for (const event of added) {
    if (event.type === 'comment') {
      await hub.announce({ action: 'create', scope: 'discussion.comment', ...opened, discussion, comment: event });
    } else await hub.announce({ action: 'update', scope: 'discussion', ...opened, discussion });
  }
  return added;
}

/** @throws HubRefusal 404 */
export async function findDiscussion(c: HubRequest, repository: Repository): Promise<Discussion> {
  const discussion = await repository.discussions.get(Number(c.req.param('number')));
  if (discussion !== undefined) return discussion;
  throw new HubRefusal({ status: 404, message: 'Discussion not found' });
}

/** A comment that may come with a change: none, or one event. */
export function commentOf(body: Record<string, unknown>): Pick<DiscussionEvent, 'type' | 'data'>[] {
  const raw = asString(body.comment)?.trim() ?? '';
  return raw === '' ? [] : [{ type: 'comment', data: { raw: checkText(raw) } }];
}

/** Longest text of a comment, in characters, as on the Hub. */
const MAX_CHARACTERS = 65_536;

/** @throws HubRefusal 400 where a comment's text is empty or too long */
export function checkText(text: string): string {
  if (text.trim() === '') throw badRequest('the text of a comment is missing');
  if (text.length > MAX_CHARACTERS) throw badRequest(`a comment has at most ${MAX_CHARACTERS} characters`);
  return text;
}
