import { Hono } from 'hono';
import { repoNotFound, requireWrite, requireWriter } from '../http/access.ts';
import { badRequest, HubRefusal } from '../http/errors.ts';
import {
  asString,
  callerOf,
  type Hub,
  type HubEnv,
  type HubRequest,
  jsonBody,
  openRepo,
  repoUrl,
} from '../http/request.ts';
import type { RepoType } from '../options.ts';
import type { Change } from '../storage/commit.ts';
import { isRepoId } from '../storage/hub-store.ts';
import { GIT_ATTRIBUTES } from '../storage/lfs-rule.ts';
import type { RepoSettings } from '../storage/repository.ts';
import { putContent } from '../storage/stored-files.ts';

/** Making, renaming, configuring and deleting repositories. */
export function repoRoutes(hub: Hub): Hono<HubEnv> {
  const app = new Hono<HubEnv>();
  app.post('/api/repos/create', (c) => create(hub, c));
  app.delete('/api/repos/delete', (c) => remove(hub, c));
  app.post('/api/repos/move', (c) => move(hub, c));
  app.put('/api/:types{models|datasets}/:namespace/:name/settings', (c) => configure(hub, c));
  app.post('/api/:types{models|datasets}/:namespace/:name/user-access-request/grant', (c) => grant(hub, c));
  return app;
}

async function create(hub: Hub, c: HubRequest): Promise<Response> {
  const caller = requireWriter(callerOf(hub, c));
  const body = await jsonBody(c);
  const { type, id, namespace } = target(body, caller.name);
  requireWrite(caller, namespace);
  const changes: Change[] = [];
  const given = Array.isArray(body.files) ? (body.files as Record<string, unknown>[]) : [];
  const files = new Map([['.gitattributes', Buffer.from(GIT_ATTRIBUTES)]]);
  if (typeof body.license === 'string') files.set('README.md', Buffer.from(`---\nlicense: ${body.license}\n---\n`));
  for (const file of given) files.set(String(file.path), Buffer.from(String(file.content), 'base64'));
  for (const [path, content] of files) changes.push(await putContent(hub.store.blobs, { path, content }));
  const repository = await hub.store.create({
    type,
    id,
    private: body.private === true || body.visibility === 'private',
    changes,
    words: { title: 'initial commit', author: caller.name, date: new Date() },
  });
  const url = repoUrl(hub, c, { type, id });
  if (repository === undefined) {
    throw new HubRefusal({
      status: 409,
      message: `You already created this ${type} repo: ${id}`,
      fields: { url },
    });
  }
  const settings = await repository.settings();
  if (settings === undefined) throw repoNotFound(caller);
  const headSha = await repository.resolve('main');
  await hub.announce({ action: 'create', scope: 'repo', repository, settings, headSha });
  return c.json({ url, name: id, id: settings.key, private: settings.private });
}

async function remove(hub: Hub, c: HubRequest): Promise<Response> {
  const caller = requireWriter(callerOf(hub, c));
  const { type, id, namespace } = target(await jsonBody(c), caller.name);
  requireWrite(caller, namespace);
  const repository = await hub.store.find(type, id);
  const settings = await repository?.settings();
  if (repository === undefined || settings === undefined) throw repoNotFound(caller);
  await repository.exclusively(() => hub.store.delete(repository));
  await hub.announce({ action: 'delete', scope: 'repo', repository, settings });
  return c.body(null, 200);
}

async function move(hub: Hub, c: HubRequest): Promise<Response> {
  const caller = requireWriter(callerOf(hub, c));
  const body = await jsonBody(c);
  const type = repoType(body.type);
  const from = asString(body.fromRepo) ?? '';
  const to = asString(body.toRepo) ?? '';
  if (!isRepoId(from) || !isRepoId(to)) throw badRequest('fromRepo and toRepo must be ids, namespace/name');
  for (const id of [from, to]) requireWrite(caller, id.slice(0, id.indexOf('/')));
  const repository = await hub.store.find(type, from);
  const settings = await repository?.settings();
  if (repository === undefined || settings === undefined) throw repoNotFound(caller);
  const done = await repository.exclusively(() => hub.store.move(type, { from, to }));
  if (!done) throw new HubRefusal({ status: 409, message: `There is a ${type} repo of that name: ${to}` });
  await hub.announce({ action: 'move', scope: 'repo', repository, settings, movedTo: to });
  return c.json({ url: repoUrl(hub, c, { type, id: to }) });
}

async function configure(hub: Hub, c: HubRequest): Promise<Response> {
  const { repository } = await openRepo(hub, c, 'disabled-too');
  const body = await jsonBody(c);
  const wanted: Partial<RepoSettings> = {};
  if (body.visibility !== undefined) wanted.private = body.visibility === 'private';
  if (typeof body.private === 'boolean') wanted.private = body.private;
  if (typeof body.disabled === 'boolean') wanted.disabled = body.disabled;
  if (body.gated !== undefined) {
    if (body.gated !== false && body.gated !== 'auto' && body.gated !== 'manual') {
      throw badRequest('gated must be false, "auto" or "manual"');
    }
    wanted.gated = body.gated;
  }
  const settings = await repository.exclusively(async () => {
    const present = await repository.settings();
    if (present === undefined) throw repoNotFound(callerOf(hub, c));
    const next = { ...present, ...wanted };
    await repository.setSettings(next);
    return next;
  });
  const headSha = await repository.resolve('main');
  const updatedConfig = wanted.private === undefined ? {} : { private: wanted.private };
  await hub.announce({ action: 'update', scope: 'repo.config', repository, settings, headSha, updatedConfig });
  return c.json({ private: settings.private, gated: settings.gated, disabled: settings.disabled });
}

async function grant(hub: Hub, c: HubRequest): Promise<Response> {
  const { repository } = await openRepo(hub, c, 'write');
  const user = asString((await jsonBody(c)).user);
  if (user === undefined) throw badRequest('user is missing');
  await repository.exclusively(async () => {
    const present = await repository.settings();
    if (present === undefined) throw repoNotFound(callerOf(hub, c));
    await repository.setSettings({ ...present, granted: [...new Set([...present.granted, user])] });
  });
  return c.json({});
}

function target(
  body: Record<string, unknown>,
  defaultNamespace: string,
): { type: RepoType; id: string; namespace: string } {
  const name = asString(body.name) ?? '';
  const namespace = name.includes('/')
    ? name.slice(0, name.indexOf('/'))
    : (asString(body.organization) ?? defaultNamespace);
  const id = name.includes('/') ? name : `${namespace}/${name}`;
  if (!isRepoId(id)) throw badRequest(`"${id}" is no id of a repository`);
  return { type: repoType(body.type), id, namespace };
}

function repoType(type: unknown): RepoType {
  if (type === undefined || type === null || type === 'model') return 'model';
  if (type === 'dataset') return 'dataset';
  throw badRequest(`this Hub holds models and datasets, no ${String(type)}`);
}
