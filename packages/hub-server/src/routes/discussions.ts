import { Hono } from 'hono';
import { ownsNamespace, requireWrite, requireWriter } from '../http/access.ts';
import { badRequest, HubRefusal } from '../http/errors.ts';
import { asString, type Hub, type HubEnv, type HubRequest, jsonBody, type Opened, openRepo } from '../http/request.ts';
import type { Discussion, DiscussionEvent } from '../storage/discussions.ts';
import { conflictsOf, discussionEvent, mergePullRequest, openDiscussion } from '../storage/pull-requests.ts';
import type { Repository } from '../storage/repository.ts';
import { contentUpdate } from './announcements.ts';

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
    await hub.announce({ action: 'create', scope: 'discussion', ...opened, discussion });
    return c.json(details(opened.repository, discussion, []));
  });

  app.get(`${base}/:number{[0-9]+}`, async (c) => {
    const { repository } = await openRepo(hub, c);
    const discussion = await find(c, repository);
    return c.json(details(repository, discussion, await conflictsOf(repository, discussion)));
  });

  app.post(`${base}/:number{[0-9]+}/comment`, async (c) => {
    const text = asString((await jsonBody(c)).comment)?.trim() ?? '';
    if (text === '') throw badRequest('comment is missing');
    const event = await change(hub, c, () => ({ event: { type: 'comment', data: { raw: text } } }));
    return c.json({ newMessage: shownEvent(event) });
  });

  app.post(`${base}/:number{[0-9]+}/title`, async (c) => {
    const title = asString((await jsonBody(c)).title)?.trim() ?? '';
    if (title.length < 3 || title.length > 200) throw badRequest('a title has 3 to 200 characters');
    const event = await change(hub, c, (discussion) => ({
      fields: { title },
      event: { type: 'title-change', data: { from: discussion.title, to: title } },
      byAuthorOnly: true,
    }));
    return c.json({ newTitle: shownEvent(event) });
  });

  app.post(`${base}/:number{[0-9]+}/status`, async (c) => {
    const { status } = await jsonBody(c);
    if (status !== 'open' && status !== 'closed') throw badRequest('status must be "open" or "closed"');
    const event = await change(hub, c, (discussion) => {
      if (discussion.status === 'merged') throw badRequest('a merged pull request stays as it is');
      return { fields: { status }, event: { type: 'status-change', data: { status } }, byAuthorOnly: true };
    });
    return c.json({ newStatus: shownEvent(event) });
  });

  app.post(`${base}/:number{[0-9]+}/merge`, (c) => merge(hub, c));
  return app;
}

async function merge(hub: Hub, c: HubRequest): Promise<Response> {
  const opened = await openRepo(hub, c, 'write');
  const { repository } = opened;
  const caller = requireWrite(opened.caller, repository.namespace);
  const merged = await repository.exclusively(async () => {
    const discussion = await find(c, repository);
    const conflicts = await conflictsOf(repository, discussion);
    if (conflicts.length > 0) {
      throw new HubRefusal({
        status: 409,
        message: `The branch changed the same files: ${conflicts.join(', ')}`,
        fields: { filesWithConflicts: conflicts },
      });
    }
    return mergePullRequest(repository, { discussion, author: caller.name });
  });
  const { discussion, branch, before, after } = merged;
  await hub.announce(await contentUpdate(opened, [{ ref: `refs/heads/${branch}`, oldSha: before, newSha: after.id }]));
  await hub.announce({ action: 'update', scope: 'discussion', ...opened, discussion });
  return c.json({ mergeCommitId: after.id });
}

interface Alteration {
  fields?: Partial<Discussion>;
  event: Pick<DiscussionEvent, 'type' | 'data'>;
  /** Whether only the author and who may write here may do it. */
  byAuthorOnly?: boolean;
}

async function change(
  hub: Hub,
  c: HubRequest,
  alter: (discussion: Discussion) => Alteration,
): Promise<DiscussionEvent> {
  const opened: Opened = await openRepo(hub, c);
  const caller = requireWriter(opened.caller);
  const { repository } = opened;
  const { discussion, event } = await repository.exclusively(async () => {
    const before = await find(c, repository);
    const alteration = alter(before);
    if (alteration.byAuthorOnly === true && caller.name !== before.author) {
      if (!ownsNamespace(caller, repository.namespace)) requireWrite(caller, repository.namespace);
    }
    const made = discussionEvent({ ...alteration.event, author: caller.name, date: new Date() });
    const after: Discussion = { ...before, ...alteration.fields, events: [...before.events, made] };
    await repository.discussions.set(after);
    return { discussion: after, event: made };
  });
  const about =
    event.type === 'comment'
      ? ({ action: 'create', scope: 'discussion.comment', comment: event } as const)
      : ({ action: 'update', scope: 'discussion' } as const);
  await hub.announce({ ...about, ...opened, discussion });
  return event;
}

async function find(c: HubRequest, repository: Repository): Promise<Discussion> {
  const discussion = await repository.discussions.get(Number(c.req.param('number')));
  if (discussion !== undefined) return discussion;
  throw new HubRefusal({ status: 404, message: 'Discussion not found' });
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

function summary(repository: Repository, discussion: Discussion): Record<string, unknown> {
  const { number, title, author, createdAt, status, isPullRequest } = discussion;
  return {
    num: number,
    title,
    author: shownAuthor(author),
    createdAt,
    status,
    isPullRequest,
    pinned: false,
    repo: { name: repository.id, type: repository.type },
    numComments: discussion.events.filter((event) => event.type === 'comment').length,
  };
}

function details(
  repository: Repository,
  discussion: Discussion,
  conflicts: readonly string[],
): Record<string, unknown> {
  const { base, mergeCommit, events } = discussion;
  return {
    ...summary(repository, discussion),
    events: events.map(shownEvent),
    ...(base === undefined
      ? {}
      : {
          changes: {
            base: `refs/heads/${base.branch}`,
            ...(mergeCommit === undefined ? {} : { mergeCommitId: mergeCommit }),
          },
          filesWithConflicts: conflicts,
        }),
  };
}

function shownAuthor(name: string): Record<string, unknown> {
  return { name, type: 'user', fullname: name, avatarUrl: '' };
}

function shownEvent(event: DiscussionEvent): Record<string, unknown> {
  const { data, author } = event;
  const shown = { ...event, author: shownAuthor(author) };
  if (event.type !== 'comment') return shown;
  const latest = { raw: data.raw, html: '', updatedAt: event.createdAt, author: shownAuthor(author) };
  return { ...shown, data: { edited: false, hidden: false, latest, numEdits: 0, history: [] } };
}
