import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { RepoType } from '../options.ts';
import type { Commit } from '../storage/commit.ts';
import type { HubStore } from '../storage/hub-store.ts';
import type { Ref } from '../storage/refs.ts';
import type { RepoSettings, Repository } from '../storage/repository.ts';
import type { Activity } from '../webhooks/activity.ts';
import type { Deliveries } from '../webhooks/deliveries.ts';
import type { JobsHost } from '../webhooks/jobs-host.ts';
import type { Announce } from '../webhooks/publisher.ts';
import type { Subscriptions } from '../webhooks/subscriptions.ts';
import type { XorbStore } from '../xet/xorb-store.ts';
import {
  type AccessRules,
  type Caller,
  identify,
  maySee,
  repoNotFound,
  requireEnabled,
  requireFileAccess,
  requireWrite,
} from './access.ts';
import { badRequest, revisionNotFound } from './errors.ts';

/** What every route works with. */
export interface Hub {
  store: HubStore;
  rules: AccessRules;
  /** Most entries of one page. */
  pageSize: number;
  /** Bytes of one part of a multipart upload. */
  partSize: number;
  /** Address that clients use, without a slash at the end; undefined: the one of the request. */
  publicUrl: string | undefined;
  xorbs: XorbStore;
  subscriptions: Subscriptions;
  deliveries: Deliveries;
  /** Runs the jobs of webhooks, where there is something that does. */
  jobs: JobsHost | undefined;
  activity: Activity;
  /** Tells webhooks of an event; resolves when it is noted, not when it has arrived. */
  announce: Announce;
  /** Tells who runs the server. */
  onNotice: (notice: string) => void;
}

export type HubEnv = { Bindings: HttpBindings };
export type HubRequest = Context<HubEnv>;

/** A repository that a request may reach. */
export interface Opened {
  repository: Repository;
  settings: RepoSettings;
  caller: Caller | undefined;
}

/** Address of the Hub as this client sees it. */
export function baseUrl(hub: Hub, c: HubRequest): string {
  return hub.publicUrl ?? new URL(c.req.url).origin;
}

export function repoUrl(hub: Hub, c: HubRequest, { type, id }: { type: RepoType; id: string }): string {
  return `${baseUrl(hub, c)}/${type === 'model' ? '' : `${type}s/`}${id}`;
}

/** @throws HubRefusal 401 where the token is not known. */
export function callerOf(hub: Hub, c: HubRequest): Caller | undefined {
  return identify(c.req.header('authorization'), hub.rules);
}

/** The parts of the path as they were sent, still encoded: an encoded slash belongs to its part. */
export function rawParts(c: HubRequest): string[] {
  return new URL(c.req.url).pathname.split('/').slice(1);
}

export function decodePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw badRequest(`"${part}" is not encoded as an address must be`);
  }
}

/** Type and id that the path names: `models` is written in API addresses only, `.git` in those of git-lfs. */
function repoOf(c: HubRequest): { type: RepoType; id: string } {
  return {
    type: rawParts(c).slice(0, 2).includes('datasets') ? 'dataset' : 'model',
    id: `${c.req.param('namespace')}/${c.req.param('name')?.replace(/\.git$/, '')}`,
  };
}

/**
 * The repository of the path.
 * @throws HubRefusal where it is not there, not for this caller or withheld; a redirection where it was renamed.
 */
export async function openRepo(
  hub: Hub,
  c: HubRequest,
  need: 'see' | 'files' | 'write' | 'disabled-too' = 'see',
): Promise<Opened> {
  const caller = callerOf(hub, c);
  const { type, id } = repoOf(c);
  const repository = await hub.store.find(type, id);
  const settings = await repository?.settings();
  if (repository === undefined || settings === undefined) {
    const present = await hub.store.movedTo(type, id);
    if (present !== undefined) throw moved(c, { from: id, to: present });
    throw repoNotFound(caller);
  }
  if (!maySee(caller, repository.namespace, settings)) throw repoNotFound(caller);
  if (need !== 'disabled-too') requireEnabled(settings);
  if (need === 'files') {
    requireFileAccess({ caller, repository, settings, url: repoUrl(hub, c, repository) });
  }
  if (need === 'write' || need === 'disabled-too') requireWrite(caller, repository.namespace);
  return { repository, settings, caller };
}

function moved(c: HubRequest, { from, to }: { from: string; to: string }): HTTPException {
  const { pathname, search } = new URL(c.req.url);
  const location = pathname.replace(`/${from}`, `/${to}`) + search;
  return new HTTPException(307, { res: new Response(null, { status: 307, headers: { location } }) });
}

/**
 * Splits what follows the verb of a path into revision and file path. A revision with slashes may come encoded as one
 * part or plain as several (@huggingface/hub lists `tree/refs/pr/1/onnx`), so the shortest that exists is taken.
 * @throws HubRefusal 404 RevisionNotFound
 */
export async function locate(
  repository: Repository,
  parts: readonly string[],
): Promise<{ revision: string; commit: Commit; path: string }> {
  const decoded = parts.map(decodePart);
  for (let count = 1; count <= Math.min(decoded.length, 8); count++) {
    const revision = decoded.slice(0, count).join('/');
    const id = await repository.resolve(revision);
    if (id === undefined) continue;
    const path = decoded.slice(count).join('/').replace(/\/$/, '');
    return { revision, commit: await repository.readCommit(id), path };
  }
  throw revisionNotFound(decoded.join('/'));
}

/** The ref that a revision of a write names. @throws HubRefusal 404 where there is none of that name. */
export async function requireRef(repository: Repository, revision: string): Promise<{ ref: Ref; commit: string }> {
  const found = await repository.refs.find(revision);
  if (found === undefined) throw revisionNotFound(revision);
  return found;
}

/** The JSON body of a request. @throws HubRefusal 400 where it is none or no object. */
export async function jsonBody(c: HubRequest): Promise<Record<string, unknown>> {
  let body: unknown;
  try {
    const text = await c.req.text();
    body = text.trim() === '' ? {} : JSON.parse(text);
  } catch {
    throw badRequest('the body is not JSON');
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw badRequest('the body is no JSON object');
  return body as Record<string, unknown>;
}

export function asString(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
