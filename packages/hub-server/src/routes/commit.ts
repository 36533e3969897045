import { Hono } from 'hono';
import { ownsNamespace, requireWriter } from '../http/access.ts';
import { badRequest, HubRefusal, revisionNotFound } from '../http/errors.ts';
import { readLines } from '../http/lines.ts';
import {
  asString,
  decodePart,
  type Hub,
  type HubEnv,
  type HubRequest,
  type Opened,
  openRepo,
  rawParts,
  repoUrl,
  requireRef,
} from '../http/request.ts';
import { type Change, type Commit, checkPath } from '../storage/commit.ts';
import { MAX_REGULAR_BYTES } from '../storage/lfs-rule.ts';
import { openPullRequest, pushToPullRequest } from '../storage/pull-requests.ts';
import { fullName, type Ref } from '../storage/refs.ts';
import type { Repository } from '../storage/repository.ts';
import { putContent, putLargeFile } from '../storage/stored-files.ts';
import { contentUpdate } from './announcements.ts';

interface CommitRequest {
  title: string;
  message: string;
  parentCommit: string | undefined;
  changes: Change[];
}

/** `/commit/{revision}`: lines of JSON, a header first, become one commit or a pull request. */
export function commitRoutes(hub: Hub): Hono<HubEnv> {
  const app = new Hono<HubEnv>();
  app.post('/api/:types{models|datasets}/:namespace/:name/commit/*', async (c) => {
    const opened = await openRepo(hub, c);
    const revision = rawParts(c).slice(5).map(decodePart).join('/');
    const author = requireWriter(opened.caller).name;
    const asPull = ['1', 'true'].includes(c.req.query('create_pr') ?? '');
    if (!asPull) await requirePush(opened, revision);
    const request = await readCommit(opened.repository, c);
    if (asPull) return propose(hub, c, { opened, revision, request, author });
    const { commit, ref, before } = await push(opened.repository, { revision, request, author });
    await hub.announce(await contentUpdate(opened, [{ ref: fullName(ref), oldSha: before, newSha: commit.id }]));
    return c.json(commitReply(hub, c, { repository: opened.repository, commit }));
  });
  return app;
}

/** Only who owns the namespace may push, except to a pull request of their own. */
async function requirePush({ repository, caller }: Opened, revision: string): Promise<void> {
  const { ref } = await requireRef(repository, revision);
  if (ref.kind === 'tags') throw badRequest('a tag cannot be committed to');
  if (ownsNamespace(caller, repository.namespace)) return;
  const pull = await repository.pullRequest(ref);
  if (pull !== undefined && pull.author === caller?.name) return;
  throw new HubRefusal({
    status: 403,
    message:
      "You don't have the rights to commit here. Pass `create_pr=1` as a query parameter to create a Pull Request",
  });
}

async function push(
  repository: Repository,
  { revision, request, author }: { revision: string; request: CommitRequest; author: string },
): Promise<{ commit: Commit; ref: Ref; before: string }> {
  const { title, message, changes } = request;
  return repository.exclusively(async () => {
    const { ref, commit: head } = await requireRef(repository, revision);
    if (request.parentCommit !== undefined && request.parentCommit !== head) throw staleParent();
    const parent = await repository.readCommit(head);
    const words = { title, message, author, date: new Date() };
    if (ref.kind === 'pr') {
      const number = Number(ref.name);
      return { commit: await pushToPullRequest(repository, { number, parent, changes, words }), ref, before: head };
    }
    const commit = await repository.addCommit({ parent, changes, words });
    await repository.refs.set(ref, commit.id);
    return { commit, ref, before: head };
  });
}

async function propose(
  hub: Hub,
  c: HubRequest,
  { opened, revision, request, author }: { opened: Opened; revision: string; request: CommitRequest; author: string },
): Promise<Response> {
  const { repository } = opened;
  const { title, message, changes, parentCommit } = request;
  const { pull, commit } = await repository.exclusively(async () => {
    const { ref, commit: head } = await requireRef(repository, revision);
    if (ref.kind !== 'heads') throw badRequest('a pull request begins at a branch');
    const base = parentCommit ?? head;
    if ((await repository.findCommit(base)) === undefined) throw revisionNotFound(base);
    const words = { title, message, author, date: new Date() };
    return openPullRequest(repository, { branch: ref.name, base, changes, words });
  });
  await hub.announce({ action: 'create', scope: 'discussion', ...opened, discussion: pull, comment: pull.events[0] });
  const ref = `refs/pr/${pull.number}`;
  await hub.announce(await contentUpdate(opened, [{ ref, oldSha: null, newSha: commit.id }]));
  return c.json({
    ...commitReply(hub, c, { repository, commit }),
    pullRequestUrl: `${repoUrl(hub, c, repository)}/discussions/${pull.number}`,
  });
}

function commitReply(
  hub: Hub,
  c: HubRequest,
  { repository, commit }: { repository: Repository; commit: Commit },
): Record<string, unknown> {
  return {
    success: true,
    commitOid: commit.id,
    commitUrl: `${repoUrl(hub, c, repository)}/commit/${commit.id}`,
    hookOutput: '',
  };
}

function staleParent(): HubRefusal {
  return new HubRefusal({ status: 412, message: 'A commit has happened since. Please refresh and try again.' });
}

/** Reads the body line by line; small files are stored as they come, so that no commit is ever whole in memory. */
async function readCommit(repository: Repository, c: HubRequest): Promise<CommitRequest> {
  let header: Record<string, unknown> | undefined;
  const changes: Change[] = [];
  for await (const line of readLines(c.env.incoming)) {
    if (line.trim() === '') continue;
    const { key, value } = parseLine(line);
    if (header === undefined) {
      if (key !== 'header') throw badRequest('the first line of a commit must be its header');
      header = value;
    } else changes.push(await readChange(repository, key, value));
  }
  const title = asString(header?.summary)?.trim() ?? '';
  if (title === '') throw badRequest('a commit needs a summary');
  const parentCommit = asString(header?.parentCommit);
  return { title, message: asString(header?.description) ?? '', parentCommit, changes };
}

function parseLine(line: string): { key: string; value: Record<string, unknown> } {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    throw badRequest('a line of the commit is not JSON');
  }
  const { key, value } = (parsed ?? {}) as { key?: unknown; value?: unknown };
  if (typeof key !== 'string' || typeof value !== 'object' || value === null) {
    throw badRequest('a line of the commit lacks key or value');
  }
  return { key, value: value as Record<string, unknown> };
}

async function readChange(repository: Repository, key: string, value: Record<string, unknown>): Promise<Change> {
  const path = checkPath(asString(value.path) ?? '');
  switch (key) {
    case 'file': {
      const encoding = value.encoding === 'base64' ? 'base64' : 'utf8';
      const content = Buffer.from(asString(value.content) ?? '', encoding);
      if (content.length > MAX_REGULAR_BYTES) throw badRequest(`"${path}" is too large to go without LFS`);
      const put = await putContent(repository.blobs, { path, content });
      // Git would have sent it to Large File Storage by its name.
      if (put.lfs) await repository.exclusively(() => repository.claimLargeFile(put.sha256));
      return put;
    }
    case 'lfsFile': {
      const sha256 = asString(value.oid) ?? '';
      const size = (await repository.hasLargeFile(sha256)) ? await repository.blobs.size(sha256) : undefined;
      if (size === undefined) throw badRequest(`"${path}" points to an LFS object that was not uploaded: ${sha256}`);
      if (value.size !== undefined && value.size !== size) throw badRequest(`"${path}" has ${size} bytes`);
      return putLargeFile({ path, sha256, size });
    }
    case 'deletedFile':
    case 'deletedEntry':
      return { kind: 'delete', path };
    case 'deletedFolder':
      return { kind: 'delete-folder', path };
    case 'copyFile':
      return copyOf(repository, { path, from: asString(value.srcPath) ?? '', revision: asString(value.srcRevision) });
    default:
      throw badRequest(`a commit cannot hold "${key}"`);
  }
}

async function copyOf(
  repository: Repository,
  { path, from, revision = 'main' }: { path: string; from: string; revision: string | undefined },
): Promise<Change> {
  const id = await repository.resolve(revision);
  if (id === undefined) throw revisionNotFound(revision);
  const file = (await repository.readCommit(id)).files.find((candidate) => candidate.path === from);
  if (file === undefined) throw badRequest(`there is no "${from}" in ${revision} to copy`);
  const { oid, size, sha256, lfs } = file;
  return { kind: 'put', path, oid, size, sha256, lfs };
}
