import { Hono } from 'hono';
import { linkNext, pageLimit, pageStart } from '../http/paging.ts';
import { type Hub, type HubEnv, locate, openRepo, rawParts } from '../http/request.ts';
import type { Commit } from '../storage/commit.ts';

/** `/commits/{revision}`: the history of a branch, newest first. */
export function historyRoutes(hub: Hub): Hono<HubEnv> {
  const app = new Hono<HubEnv>();
  app.get('/api/:types{models|datasets}/:namespace/:name/commits/*', async (c) => {
    const { repository } = await openRepo(hub, c);
    const { commit } = await locate(repository, rawParts(c).slice(5));
    // Python pages by number (`p`), the Hub's own links by cursor.
    const limit = pageLimit(hub, c);
    const number = Number(c.req.query('p') ?? '0');
    const skip = pageStart(c) + (Number.isInteger(number) && number > 0 ? number * limit : 0);
    const commits = await repository.history(commit.id, { skip, limit });
    c.header('X-Total-Count', String(commit.count));
    if (c.req.query('p') === undefined && skip + limit < commit.count) linkNext(hub, c, skip + limit);
    return c.json(commits.map(shown));
  });
  return app;
}

function shown(commit: Commit): Record<string, unknown> {
  return {
    id: commit.id,
    title: commit.title,
    message: commit.message,
    authors: [{ user: commit.author, avatar: '' }],
    date: commit.date,
  };
}
