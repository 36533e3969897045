import { Hono } from 'hono';
import { requireWriter } from '../http/access.ts';
import { badRequest } from '../http/errors.ts';
import { decodePart, type Hub, type HubEnv, jsonBody, openRepo, rawParts, requireRef } from '../http/request.ts';
import { isLargeFile } from '../storage/lfs-rule.ts';

/** `/preupload/{revision}`: which files of a coming commit go through LFS, and what is there already. */
export function preuploadRoutes(hub: Hub): Hono<HubEnv> {
  const app = new Hono<HubEnv>();
  app.post('/api/:types{models|datasets}/:namespace/:name/preupload/*', async (c) => {
    const { repository, caller } = await openRepo(hub, c);
    requireWriter(caller);
    const { commit: head } = await requireRef(repository, rawParts(c).slice(5).map(decodePart).join('/'));
    const commit = await repository.readCommit(head);
    const present = new Map(commit.files.map((file) => [file.path, file]));
    const { files } = await jsonBody(c);
    if (!Array.isArray(files)) throw badRequest('files must be a list');
    return c.json({
      commitOid: commit.id,
      files: files.map((file: { path?: unknown; size?: unknown }) => {
        const path = String(file.path);
        const known = present.get(path);
        return {
          path,
          uploadMode: isLargeFile({ path, size: Number(file.size) }) ? 'lfs' : 'regular',
          shouldIgnore: false,
          ...(known === undefined ? {} : { oid: known.lfs ? known.sha256 : known.oid }),
        };
      }),
    });
  });
  return app;
}
