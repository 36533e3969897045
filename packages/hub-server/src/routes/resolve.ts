import { Hono } from 'hono';
import { entryNotFound } from '../http/errors.ts';
import { type Hub, type HubEnv, type HubRequest, locate, openRepo, rawParts } from '../http/request.ts';
import { sendContent } from '../http/send-file.ts';
import type { CommittedFile } from '../storage/commit.ts';
import { lfsPointer } from '../storage/git-objects.ts';

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  json: 'application/json',
  jsonl: 'text/plain; charset=utf-8',
  md: 'text/plain; charset=utf-8',
  txt: 'text/plain; charset=utf-8',
  yaml: 'text/plain; charset=utf-8',
  yml: 'text/plain; charset=utf-8',
  csv: 'text/plain; charset=utf-8',
};

/** `/{repo}/resolve/{revision}/{path}`: a file's content; `/raw/`: the same, with the pointer of a large file. */
export function resolveRoutes(hub: Hub): Hono<HubEnv> {
  const app = new Hono<HubEnv>();
  for (const [prefix, skip] of [
    ['/datasets', 4],
    ['', 3],
  ] as const) {
    app.get(`${prefix}/:namespace/:name/resolve/*`, (c) => send(hub, c, { raw: false, skip }));
    app.get(`${prefix}/:namespace/:name/raw/*`, (c) => send(hub, c, { raw: true, skip }));
  }
  return app;
}

async function send(hub: Hub, c: HubRequest, { raw, skip }: { raw: boolean; skip: number }): Promise<Response> {
  const { repository, commit, path } = await openFileRequest(hub, c, skip);
  c.header('X-Repo-Commit', commit.id);
  const file = commit.files.find((candidate) => candidate.path === path);
  if (file === undefined) throw entryNotFound(path);
  const asPointer = raw && file.lfs;
  return sendContent(c, {
    content: asPointer ? { bytes: lfsPointer(file) } : { file: repository.blobs.path(file.sha256), size: file.size },
    etag: asPointer ? `"${file.oid}"` : etagOf(file),
    headers: {
      'X-Repo-Commit': commit.id,
      ...(file.lfs && !raw ? { 'X-Linked-ETag': `"${file.sha256}"`, 'X-Linked-Size': String(file.size) } : {}),
      'Content-Type': mediaType(file, asPointer),
      'Content-Disposition': `inline; filename*=UTF-8''${encodeURIComponent(path.split('/').pop() ?? '')}`,
      'X-Content-Type-Options': 'nosniff',
    },
  });
}

/** Cards and attributes of a gated repository are there for everybody, like its list of files. */
const OPEN_FILES = ['README.md', '.gitattributes'];

async function openFileRequest(hub: Hub, c: HubRequest, skip: number) {
  const parts = rawParts(c).slice(skip);
  const seen = await openRepo(hub, c);
  const located = await locate(seen.repository, parts);
  if (!OPEN_FILES.includes(located.path)) await openRepo(hub, c, 'files');
  return { ...located, repository: seen.repository };
}

function etagOf(file: CommittedFile): string {
  return `"${file.lfs ? file.sha256 : file.oid}"`;
}

function mediaType(file: CommittedFile, asPointer: boolean): string {
  if (asPointer) return 'text/plain; charset=utf-8';
  const ending = /\.([a-z0-9]+)$/.exec(file.path)?.[1] ?? '';
  return (file.lfs ? undefined : MEDIA_TYPES[ending]) ?? 'application/octet-stream';
}
