import { Hono } from 'hono';
import { requireWrite, requireWriter } from '../http/access.ts';
import { badRequest, HubRefusal } from '../http/errors.ts';
import { asString, type Hub, type HubEnv, type HubRequest, jsonBody, openRepo } from '../http/request.ts';
import type { Discussion } from '../storage/discussions.ts';
import { conflictsOf, mergePullRequest, openDiscussion } from '../storage/pull-requests.ts';
import { contentUpdate } from './announcements.ts';
import { changeDiscussion, commentOf, findDiscussion } from './change-discussion.ts';
import { details, shownEvent, summary } from './discussion-view.ts';

/** Discussions and pull requests, as huggingface_hub reads and writes them. */
export function discussionRoutes(hub: Hub): Hono<HubEnv> {
  const app = new Hono<HubEnv>();
  const base = '/api/:types{models|datasets}/:namespace/:name/discussions';

  app.get(base, async (c) => {
    const { repository } = await openRepo(hub, c);
    const wanted = (await repository.discussions.list()).filter((discussion) => matches(c, discussion));
    const start = Math.max(0, Number(c.req.query('p') ?? '0') || 0) * hub.pageSize;
    const discussions = wanted.slice(start, start + hub.pageSize).map((discussion) => summary(repository, discussion));
    return c.json({ discussions, count: wanted.length, start, numClosedDiscussions: wanted.filter(isClosed).length });
  });

  app.post(base, async (c) => {
    const opened = await openRepo(hub, c);
    const caller = requireWriter(opened.caller);
    const body = await jsonBody(c);
    const title = (asString(body.title) ?? '').trim();
    if (title.length < 3 || title.length > 200) throw badRequest('a title has 3 to 200 characters');
    const discussion = await opened.repository.exclusively(() =>
      openDiscussion(opened.repository, {
        title,
        text: asString(body.description) ?? '',
        author: caller.name,
        isPullRequest: body.pullRequest === true,
      }),
    );
    await hub.announce({ action: 'create', scope: 'discussion', ...opened, discussion, comment: discussion.events[0] });
    return c.json(details(opened.repository, discussion, []));
  });

  app.get(`${base}/:number{[0-9]+}`, async (c) => {
    const { repository } = await openRepo(hub, c);
    const discussion = await findDiscussion(c, repository);
    return c.json(details(repository, discussion, await conflictsOf(repository, discussion)));
  });

  app.post(`${base}/:number{[0-9]+}/title`, async (c) => {
    const title = asString((await jsonBody(c)).title)?.trim() ?? '';
    if (title.length < 3 || title.length > 200) throw badRequest('a title has 3 to 200 characters');
    const [event] = await changeDiscussion(hub, c, (discussion) => ({
      fields: { title },
      events: [{ type: 'title-change', data: { from: discussion.title, to: title } }],
      byAuthorOnly: true,
    }));
    return c.json({ newTitle: event && shownEvent(event) });
  });

  app.post(`${base}/:number{[0-9]+}/status`, async (c) => {
    const body = await jsonBody(c);
    const { status } = body;
    if (status !== 'open' && status !== 'closed') throw badRequest('status must be "open" or "closed"');
    const events = await changeDiscussion(hub, c, (discussion) => {
      if (discussion.status === 'merged') throw badRequest('a merged pull request stays as it is');
      const change = { type: 'status-change', data: { status } } as const;
      return { fields: { status }, events: [...commentOf(body), change], byAuthorOnly: true };
    });
    const event = events.at(-1);
    return c.json({ newStatus: event && shownEvent(event) });
  });

  app.post(`${base}/:number{[0-9]+}/merge`, (c) => merge(hub, c));
  return app;
}

async function merge(hub: Hub, c: HubRequest): Promise<Response> {
  const opened = await openRepo(hub, c, 'write');
  const { repository } = opened;
  const caller = requireWrite(opened.caller, repository.namespace);
  const [comment] = commentOf(await jsonBody(c));
  const merged = await repository.exclusively(async () => {
    const discussion = await findDiscussion(c, repository);
    const conflicts = await conflictsOf(repository, discussion);
    if (conflicts.length > 0) {
      throw new HubRefusal({
        status: 409,
        message: `The branch changed the same files: ${conflicts.join(', ')}`,
        fields: { filesWithConflicts: conflicts },
      });
    }
    return mergePullRequest(repository, { discussion, author: caller.name, comment });
  });
  const { discussion, branch, before, after } = merged;
  await hub.announce(await contentUpdate(opened, [{ ref: `refs/heads/${branch}`, oldSha: before, newSha: after.id }]));
  const told = comment === undefined ? undefined : discussion.events.at(-2);
  if (told !== undefined) {
    await hub.announce({ action: 'create', scope: 'discussion.comment', ...opened, discussion, comment: told });
  }
  await hub.announce({ action: 'update', scope: 'discussion', ...opened, discussion });
  return c.json({ mergeCommitId: after.id });
}

function matches(c: HubRequest, discussion: Discussion): boolean {
  const { type, status, author } = c.req.query();
  if (type === 'pull_request' && !discussion.isPullRequest) return false;
  if (type === 'discussion' && discussion.isPullRequest) return false;
  if (status === 'open' && isClosed(discussion)) return false;
  if (status === 'closed' && !isClosed(discussion)) return false;
  return author === undefined || author === discussion.author;
}

function isClosed({ status }: Discussion): boolean {
  return status === 'closed' || status === 'merged';
}
