import { Hono } from 'hono';
import { entriesOf, expandEntries, folderEntries } from '../http/entries.ts';
import { badRequest, entryNotFound } from '../http/errors.ts';
import { page } from '../http/paging.ts';
import { type Hub, type HubEnv, jsonBody, locate, openRepo, rawParts } from '../http/request.ts';

/** Listings of files: `/tree/{revision}[/{folder}]` and `/paths-info/{revision}`. */
export function treeRoutes(hub: Hub): Hono<HubEnv> {
  const app = new Hono<HubEnv>();
  const base = '/api/:types{models|datasets}/:namespace/:name';

  app.get(`${base}/tree/*`, async (c) => {
    const { repository } = await openRepo(hub, c);
    const { commit, path } = await locate(repository, rawParts(c).slice(5));
    const entries = folderEntries(commit, { path, recursive: isTrue(c.req.query('recursive')) });
    if (entries === undefined) throw entryNotFound(path);
    const shown = page(hub, c, entries);
    return c.json(isTrue(c.req.query('expand')) ? await expandEntries(repository, commit, shown) : shown);
  });

  app.post(`${base}/paths-info/*`, async (c) => {
    const { repository } = await openRepo(hub, c);
    const { commit } = await locate(repository, rawParts(c).slice(5));
    const { paths, expand } = await pathsQuery(await jsonOrForm(c));
    const entries = entriesOf(commit, paths);
    return c.json(expand ? await expandEntries(repository, commit, entries) : entries);
  });

  /** Python's huggingface_hub sends a form, @huggingface/hub sends JSON. */
  async function jsonOrForm(c: Parameters<typeof jsonBody>[0]): Promise<Record<string, unknown>> {
    if (!c.req.header('content-type')?.startsWith('application/x-www-form-urlencoded')) return jsonBody(c);
    const form = new URLSearchParams(await c.req.text());
    return { paths: form.getAll('paths'), expand: isTrue(form.get('expand') ?? undefined) };
  }
  return app;
}

async function pathsQuery(body: Record<string, unknown>): Promise<{ paths: string[]; expand: boolean }> {
  const { paths } = body;
  if (!Array.isArray(paths) || paths.some((path) => typeof path !== 'string')) {
    throw badRequest('paths must be a list of strings');
  }
  return { paths: paths as string[], expand: body.expand === true };
}

function isTrue(value: string | undefined): boolean {
  return value !== undefined && ['true', '1', 'on'].includes(value.toLowerCase());
}
