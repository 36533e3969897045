import { Hono } from 'hono';
import { maySee } from '../http/access.ts';
import { readCard } from '../http/card.ts';
import { fileEntry } from '../http/entries.ts';
import { revisionNotFound } from '../http/errors.ts';
import { page } from '../http/paging.ts';
import { callerOf, type Hub, type HubEnv, type HubRequest, locate, openRepo, rawParts } from '../http/request.ts';
import { countParameters } from '../http/safetensors-parameters.ts';
import type { RepoType } from '../options.ts';
import type { Commit } from '../storage/commit.ts';
import type { RepoSettings, Repository } from '../storage/repository.ts';

type Info = Record<string, unknown>;

/** `/api/models`, `/api/models/{id}`, `/api/models/{id}/revision/{revision}`, and the same for datasets. */
export function infoRoutes(hub: Hub): Hono<HubEnv> {
  const app = new Hono<HubEnv>();
  for (const type of ['model', 'dataset'] as const) app.get(`/api/${type}s`, (c) => search(hub, c, type));

  app.get('/api/:types{models|datasets}/:namespace/:name', async (c) => {
    const { repository, settings } = await openRepo(hub, c);
    const head = await repository.resolve('main');
    if (head === undefined) throw revisionNotFound('main');
    return c.json(await detailed(c, { repository, settings, commit: await repository.readCommit(head) }));
  });

  app.get('/api/:types{models|datasets}/:namespace/:name/revision/*', async (c) => {
    const { repository, settings } = await openRepo(hub, c);
    const { commit } = await locate(repository, rawParts(c).slice(5));
    return c.json(await detailed(c, { repository, settings, commit }));
  });
  return app;
}

interface Subject {
  repository: Repository;
  settings: RepoSettings;
  commit: Commit;
}

/** One repository in full, or the fields that `expand` asks for. */
async function detailed(c: HubRequest, subject: Subject): Promise<Info> {
  const { repository, commit } = subject;
  const info = await summary(subject);
  if (repository.type === 'model') info.safetensors = await countParameters(repository, commit);
  const withBlobs = ['true', '1'].includes((c.req.query('blobs') ?? '').toLowerCase());
  info.siblings = commit.files.map((file) => ({
    rfilename: file.path,
    ...(withBlobs ? { size: file.size, blobId: file.oid, ...blobField(file) } : {}),
  }));
  return onlyExpanded(c, info);
}

function blobField(file: Commit['files'][number]): Info {
  const { lfs } = fileEntry(file);
  return lfs === undefined ? {} : { lfs: { sha256: lfs.oid, size: lfs.size, pointerSize: lfs.pointerSize } };
}

async function summary({ repository, settings, commit }: Subject): Promise<Info> {
  const card = await readCard(repository, commit);
  return {
    _id: settings.key,
    id: repository.id,
    ...(repository.type === 'model' ? { modelId: repository.id } : {}),
    author: repository.namespace,
    sha: commit.id,
    lastModified: commit.date,
    createdAt: settings.createdAt,
    private: settings.private,
    gated: settings.gated,
    disabled: settings.disabled,
    downloads: 0,
    downloadsAllTime: 0,
    likes: 0,
    tags: card.tags,
    ...(card.pipelineTag === undefined ? {} : { pipeline_tag: card.pipelineTag }),
    ...(card.libraryName === undefined ? {} : { library_name: card.libraryName }),
    ...(card.config === undefined ? {} : { config: card.config }),
    ...(card.cardData === undefined ? {} : { cardData: card.cardData }),
    ...(card.cardData?.['model-index'] === undefined ? {} : { 'model-index': card.cardData['model-index'] }),
    usedStorage: commit.files.reduce((sum, file) => sum + file.size, 0),
  };
}

function onlyExpanded(c: HubRequest, info: Info): Info {
  const fields = [...(c.req.queries('expand') ?? []), ...(c.req.queries('expand[]') ?? [])];
  if (fields.length === 0) return info;
  return Object.fromEntries(Object.entries(info).filter(([name]) => ['_id', 'id', ...fields].includes(name)));
}

/** The listing: what the caller may see, by `search`, `author`, `filter` and `pipeline_tag`, sorted, paged. */
async function search(hub: Hub, c: HubRequest, type: RepoType): Promise<Response> {
  const caller = callerOf(hub, c);
  const words = (c.req.query('search') ?? '').toLowerCase();
  const author = c.req.query('author');
  const filters = [...(c.req.queries('filter') ?? []).flatMap((filter) => filter.split(',')), ...taskFilter(c)];
  const found: Info[] = [];
  for (const repository of await hub.store.list(type)) {
    if (!repository.id.toLowerCase().includes(words)) continue;
    if (author !== undefined && repository.namespace !== author) continue;
    const settings = await repository.settings();
    const head = await repository.resolve('main');
    if (settings === undefined || settings.disabled || head === undefined) continue;
    if (!maySee(caller, repository.namespace, settings)) continue;
    const commit = await repository.readCommit(head);
    const info = await summary({ repository, settings, commit });
    if (!filters.every((filter) => (info.tags as string[]).includes(filter))) continue;
    if (isFull(c)) info.siblings = commit.files.map((file) => ({ rfilename: file.path }));
    found.push(onlyExpanded(c, info));
  }
  return c.json(page(hub, c, sorted(c, found)));
}

function taskFilter(c: HubRequest): string[] {
  const task = c.req.query('pipeline_tag');
  return task === undefined ? [] : [task];
}

function isFull(c: HubRequest): boolean {
  const wanted = [...(c.req.queries('expand') ?? []), ...(c.req.queries('expand[]') ?? [])];
  return ['true', '1'].includes((c.req.query('full') ?? '').toLowerCase()) || wanted.includes('siblings');
}

function sorted(c: HubRequest, infos: readonly Info[]): Info[] {
  const field = c.req.query('sort');
  if (field !== 'lastModified' && field !== 'createdAt') return [...infos];
  return [...infos].sort((a, b) => String(b[field]).localeCompare(String(a[field])));
}
