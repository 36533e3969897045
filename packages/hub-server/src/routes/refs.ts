import { Hono } from 'hono';
import { badRequest, HubRefusal, revisionNotFound } from '../http/errors.ts';
import {
  asString,
  decodePart,
  type Hub,
  type HubEnv,
  type HubRequest,
  jsonBody,
  type Opened,
  openRepo,
  rawParts,
} from '../http/request.ts';
import { fullName, isRefName, type Ref, type RefKind } from '../storage/refs.ts';
import type { Repository } from '../storage/repository.ts';
import { contentUpdate } from './announcements.ts';

/** Branches and tags: listing, making, deleting. */
export function refRoutes(hub: Hub): Hono<HubEnv> {
  const app = new Hono<HubEnv>();
  const base = '/api/:types{models|datasets}/:namespace/:name';

  app.get(`${base}/refs`, async (c) => {
    const { repository } = await openRepo(hub, c);
    const withPulls = c.req.query('include_prs') === '1' || c.req.query('include_pull_requests') === '1';
    return c.json({
      branches: await list(repository, 'heads'),
      converts: [],
      tags: await list(repository, 'tags'),
      ...(withPulls ? { pullRequests: await list(repository, 'pr') } : {}),
    });
  });

  app.post(`${base}/branch/*`, async (c) => {
    const opened = await openRepo(hub, c, 'write');
    const name = restAsName(c);
    const body = await jsonBody(c);
    const start = await startOf(opened.repository, { body, fallback: 'main' });
    await make(hub, opened, { ref: { kind: 'heads', name }, start, overwrite: body.overwrite === true });
    return c.body(null, 200);
  });

  app.delete(`${base}/branch/*`, async (c) => {
    const opened = await openRepo(hub, c, 'write');
    const name = restAsName(c);
    if (name === 'main') throw new HubRefusal({ status: 403, message: 'The branch "main" cannot be deleted' });
    await remove(hub, opened, { kind: 'heads', name });
    return c.body(null, 200);
  });

  // A tag's address ends with the revision that it marks; its name is in the body.
  app.post(`${base}/tag/*`, async (c) => {
    const opened = await openRepo(hub, c, 'write');
    const revision = restAsName(c);
    const name = asString((await jsonBody(c)).tag);
    if (name === undefined) throw badRequest('tag is missing');
    const start = await opened.repository.resolve(revision);
    if (start === undefined) throw revisionNotFound(revision);
    await make(hub, opened, { ref: { kind: 'tags', name }, start, overwrite: false });
    return c.body(null, 200);
  });

  app.delete(`${base}/tag/*`, async (c) => {
    await remove(hub, await openRepo(hub, c, 'write'), { kind: 'tags', name: restAsName(c) });
    return c.body(null, 200);
  });
  return app;
}

function restAsName(c: HubRequest): string {
  return rawParts(c).slice(5).map(decodePart).join('/');
}

async function list(repository: Repository, kind: RefKind): Promise<Record<string, string>[]> {
  const refs = await repository.refs.list(kind);
  return refs.map(({ name, commit }) => ({ name, ref: fullName({ kind, name }), targetCommit: commit }));
}

async function startOf(
  repository: Repository,
  { body, fallback }: { body: Record<string, unknown>; fallback: string },
): Promise<string> {
  if (body.emptyBranch === true) {
    const words = { title: 'initial commit', author: repository.namespace, date: new Date() };
    return (await repository.addCommit({ parent: undefined, changes: [], words })).id;
  }
  const revision = asString(body.startingPoint) ?? fallback;
  const commit = await repository.resolve(revision);
  if (commit === undefined) throw revisionNotFound(revision);
  return commit;
}

async function make(
  hub: Hub,
  opened: Opened,
  { ref, start, overwrite }: { ref: Ref; start: string; overwrite: boolean },
): Promise<void> {
  if (!isRefName(ref.name)) throw badRequest(`"${ref.name}" cannot be the name of a branch or tag`);
  const { refs } = opened.repository;
  const before = await opened.repository.exclusively(async () => {
    const present = (await refs.get(ref)) ?? null;
    if (present !== null && !overwrite) {
      throw new HubRefusal({ status: 409, message: `Reference already exists: ${fullName(ref)}` });
    }
    await refs.set(ref, start);
    return present;
  });
  await hub.announce(await contentUpdate(opened, [{ ref: fullName(ref), oldSha: before, newSha: start }]));
}

async function remove(hub: Hub, opened: Opened, ref: Ref): Promise<void> {
  const { refs } = opened.repository;
  const before = await opened.repository.exclusively(async () => {
    const present = await refs.get(ref);
    if (present === undefined) throw revisionNotFound(ref.name);
    await refs.delete(ref);
    return present;
  });
  await hub.announce(await contentUpdate(opened, [{ ref: fullName(ref), oldSha: before, newSha: null }]));
}
