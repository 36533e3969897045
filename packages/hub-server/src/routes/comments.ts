import { Hono } from 'hono';
import { type Caller, ownsNamespace, requireWriter } from '../http/access.ts';
import { badRequest, HubRefusal } from '../http/errors.ts';
import { asString, type Hub, type HubEnv, type HubRequest, jsonBody, openRepo } from '../http/request.ts';
import type { CommentData, Discussion, DiscussionEvent } from '../storage/discussions.ts';
import type { Repository } from '../storage/repository.ts';
import { changeDiscussion, checkText, commentOf, findDiscussion } from './change-discussion.ts';
import { shownEvent } from './discussion-view.ts';

/** Comments of discussions: writing, editing and hiding one. */
export function commentRoutes(hub: Hub): Hono<HubEnv> {
  const app = new Hono<HubEnv>();
  const base = '/api/:types{models|datasets}/:namespace/:name/discussions/:number{[0-9]+}/comment';

  app.post(base, async (c) => {
    const events = commentOf(await jsonBody(c));
    if (events.length === 0) throw badRequest('comment is missing');
    const [event] = await changeDiscussion(hub, c, () => ({ events }));
    return c.json({ newMessage: event && shownEvent(event) });
  });

  app.post(`${base}/:comment/edit`, async (c) => {
    const content = checkText(asString((await jsonBody(c)).content)?.trim() ?? '');
    return await rewrite(hub, c, (comment, caller) => {
      const { raw, hidden, editedAt, editedBy, history = [] } = comment.data as unknown as CommentData;
      if (caller.name !== comment.author) throw forbidden('edit');
      if (hidden === true) throw badRequest('a hidden comment cannot be edited');
      const before = { raw, updatedAt: editedAt ?? comment.createdAt, author: editedBy ?? comment.author };
      const now = { raw: content, editedAt: new Date().toISOString(), editedBy: caller.name };
      return { ...now, history: [...history, before] };
    });
  });

  app.post(`${base}/:comment/hide`, async (c) =>
    rewrite(hub, c, (comment, caller, repository) => {
      if (caller.name !== comment.author && !ownsNamespace(caller, repository.namespace)) throw forbidden('hide');
      // Its text is gone for good, here as on the Hub.
      return { raw: '', hidden: true, hiddenBy: caller.name };
    }),
  );
  return app;
}

/** Replaces what one comment says, and tells webhooks. */
async function rewrite(
  hub: Hub,
  c: HubRequest,
  change: (comment: DiscussionEvent, caller: Caller, repository: Repository) => CommentData,
): Promise<Response> {
  const opened = await openRepo(hub, c);
  const caller = requireWriter(opened.caller);
  const { repository } = opened;
  const { discussion, comment } = await repository.exclusively(async () => {
    const before = await findDiscussion(c, repository);
    const id = c.req.param('comment')?.toLowerCase();
    const found = before.events.find((event) => event.type === 'comment' && event.id === id);
    if (found === undefined) throw new HubRefusal({ status: 404, message: 'Comment not found' });
    const rewritten: DiscussionEvent = { ...found, data: { ...change(found, caller, repository) } };
    const events = before.events.map((event) => (event === found ? rewritten : event));
    const after: Discussion = { ...before, events };
    await repository.discussions.set(after);
    return { discussion: after, comment: rewritten };
  });
  await hub.announce({ action: 'update', scope: 'discussion.comment', ...opened, discussion, comment });
  return c.json({ updatedComment: shownEvent(comment) });
}

function forbidden(verb: string): HubRefusal {
  return new HubRefusal({ status: 403, message: `You don't have the rights to ${verb} this comment` });
}
