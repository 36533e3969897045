import { join } from 'node:path';
import { Hono } from 'hono';
import { requireWriter } from '../http/access.ts';
import { badRequest, HubRefusal } from '../http/errors.ts';
import { baseUrl, type Hub, type HubEnv, type HubRequest, jsonBody, openRepo } from '../http/request.ts';
import { signPath, verifyPath } from '../http/signed-address.ts';
import type { RepoType } from '../options.ts';
import { isSha256 } from '../storage/blob-store.ts';
import { MultipartUploads } from '../storage/multipart-uploads.ts';
import type { Repository } from '../storage/repository.ts';

interface LfsObject {
  oid: string;
  size: number;
}

/**
 * Large File Storage: the batch call of git-lfs with the transfers `basic` and the Hub's own `multipart`
 * (https://github.com/git-lfs/git-lfs/blob/main/docs/api/batch.md; multipart as @huggingface/hub and huggingface_hub do).
 */
export function lfsRoutes(hub: Hub): Hono<HubEnv> {
  const app = new Hono<HubEnv>();
  const uploads = new MultipartUploads({ folder: join(hub.store.folder, 'uploads'), blobs: hub.store.blobs });
  const batchRoute = ':namespace/:name{[^/]+\\.git}/info/lfs/objects/batch';
  app.post(`/datasets/${batchRoute}`, (c) => batch(hub, c, uploads));
  app.post(`/${batchRoute}`, (c) => batch(hub, c, uploads));
  const address = '/.lfs/:type{model|dataset}/:namespace/:name/:oid';

  app.put(address, async (c) => {
    const { repository, object } = await uploadTarget(hub, c);
    await hub.store.blobs.receive({
      chunks: c.env.incoming,
      expected: { sha256: object.oid, size: object.size },
    });
    await repository.exclusively(() => repository.claimLargeFile(object.oid));
    return c.body(null, 200);
  });

  app.put(`${address}/:upload/:part`, async (c) => {
    const { object, fields } = await uploadTarget(hub, c);
    const partSize = Number(fields.get('part_size'));
    const number = Number(c.req.param('part'));
    const start = (number - 1) * partSize;
    const length = Math.min(partSize, object.size - start);
    const etag = await uploads.receivePart({
      upload: c.req.param('upload'),
      number,
      start,
      length,
      chunks: c.env.incoming,
    });
    c.header('ETag', `"${etag}"`);
    return c.body(null, 200);
  });

  app.post(`${address}/:upload`, async (c) => {
    const { repository, object, fields } = await uploadTarget(hub, c);
    const count = Math.ceil(object.size / Number(fields.get('part_size')));
    const etags = partEtags((await jsonBody(c)).parts, count);
    await uploads.complete({
      upload: c.req.param('upload'),
      etags,
      expected: { sha256: object.oid, size: object.size },
    });
    await repository.exclusively(() => repository.claimLargeFile(object.oid));
    return c.json({ success: true });
  });
  return app;
}

async function batch(hub: Hub, c: HubRequest, uploads: MultipartUploads): Promise<Response> {
  const { repository, caller } = await openRepo(hub, c);
  const body = await jsonBody(c);
  if (body.operation !== 'upload') throw badRequest('only operation "upload" goes through here: download by /resolve');
  requireWriter(caller);
  const objects = checkObjects(body.objects);
  const offered = Array.isArray(body.transfers) ? body.transfers : ['basic'];
  // All objects of one reply share a transfer; the multipart clients read objects without parts as basic ones.
  const multipart = offered.includes('multipart') && objects.some(({ size }) => size > hub.partSize);
  const replies: Record<string, unknown>[] = [];
  for (const object of objects) {
    const stored = (await repository.hasLargeFile(object.oid)) ? await repository.blobs.size(object.oid) : undefined;
    if (stored !== undefined) replies.push({ ...object });
    else {
      const inParts = multipart && object.size > hub.partSize;
      const upload = inParts
        ? await multipartAction(hub, c, { repository, object, uploads })
        : basicAction(hub, c, { repository, object });
      replies.push({ ...object, authenticated: true, actions: { upload } });
    }
  }
  const reply = { transfer: multipart ? 'multipart' : 'basic', objects: replies, hash_algo: 'sha256' };
  return c.json(reply, 200, { 'Content-Type': 'application/vnd.git-lfs+json' });
}

function basicAction(
  hub: Hub,
  c: HubRequest,
  { repository, object }: { repository: Repository; object: LfsObject },
): Record<string, unknown> {
  const path = addressOf(repository, object);
  return { href: baseUrl(hub, c) + signPath(hub.store.secret, path, { size: object.size }), header: {} };
}

async function multipartAction(
  hub: Hub,
  c: HubRequest,
  { repository, object, uploads }: { repository: Repository; object: LfsObject; uploads: MultipartUploads },
): Promise<Record<string, unknown>> {
  const { partSize } = hub;
  const path = `${addressOf(repository, object)}/${await uploads.begin()}`;
  const sign = (suffix: string) =>
    baseUrl(hub, c) + signPath(hub.store.secret, path + suffix, { size: object.size, part_size: partSize });
  const header: Record<string, string> = { chunk_size: String(partSize) };
  for (let part = 1; part <= Math.ceil(object.size / partSize); part++) {
    header[String(part).padStart(5, '0')] = sign(`/${part}`);
  }
  return { href: sign(''), header };
}

function addressOf(repository: Repository, { oid }: LfsObject): string {
  return `/.lfs/${repository.type}/${repository.id}/${oid}`;
}

/** What a signed upload address stands for. */
async function uploadTarget(
  hub: Hub,
  c: HubRequest,
): Promise<{ repository: Repository; object: LfsObject; fields: URLSearchParams }> {
  const fields = verifyPath(hub.store.secret, c.req.url);
  const type = c.req.param('type') as RepoType;
  const repository = await hub.store.find(type, `${c.req.param('namespace')}/${c.req.param('name')}`);
  if (repository === undefined) {
    throw new HubRefusal({ status: 404, errorCode: 'RepoNotFound', message: 'Repository not found' });
  }
  return { repository, fields, object: { oid: c.req.param('oid') ?? '', size: Number(fields.get('size')) } };
}

function checkObjects(objects: unknown): LfsObject[] {
  if (!Array.isArray(objects) || objects.length > 1000) throw badRequest('objects must be a list of at most 1000');
  return objects.map((object: { oid?: unknown; size?: unknown } | null) => {
    const { oid, size } = object ?? {};
    if (typeof oid !== 'string' || !isSha256(oid)) throw badRequest('the oid of an object must be its SHA-256');
    if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
      throw badRequest('the size of an object must be its number of bytes');
    }
    return { oid, size };
  });
}

/** Etags in the order of parts; clients give them with or without quotes. */
function partEtags(parts: unknown, count: number): string[] {
  const etags: string[] = Array.from({ length: count }, () => '');
  for (const part of Array.isArray(parts) ? parts : []) {
    const { partNumber, etag } = (part ?? {}) as { partNumber?: unknown; etag?: unknown };
    if (typeof partNumber === 'number' && partNumber >= 1 && partNumber <= count) {
      etags[partNumber - 1] = String(etag).replaceAll('"', '');
    }
  }
  return etags;
}
