import { createHash } from 'node:crypto';
import { Hono } from 'hono';
import { requireWriter } from '../http/access.ts';
import { HubRefusal } from '../http/errors.ts';
import { baseUrl, type Hub, type HubEnv, type HubRequest, openRepo } from '../http/request.ts';
import { signToken, verifyToken } from '../http/signed-token.ts';
import type { RepoType } from '../options.ts';
import { isSha256 } from '../storage/blob-store.ts';
import { Locks } from '../storage/locks.ts';
import type { Repository } from '../storage/repository.ts';
import { assembleFile } from '../xet/assemble.ts';
import { malformed } from '../xet/malformed.ts';
import { parseShard } from '../xet/shard.ts';

const TOKEN_SECONDS = 3600;

/** Clients close a shard at 64 MiB. */
const MAX_SHARD_BYTES = 80 * 1024 * 1024;

/** What an access token of this store stands for. */
interface XetGrant {
  type: RepoType;
  id: string;
  account: string;
}

/**
 * The upload half of Xet (https://huggingface.co/docs/xet), which huggingface_hub uses for all large files where hf_xet
 * is installed. Files are put together on arrival and served like all others, so there is no download half; and there is
 * no deduplication between accounts.
 */
export function xetRoutes(hub: Hub): Hono<HubEnv> {
  const app = new Hono<HubEnv>();
  const { store, xorbs } = hub;
  const locks = new Locks();
  // Clients remember what a store holds by its address: another state must have another one.
  const home = `/.xet/${createHash('sha256').update(`xet ${store.secret}`).digest('hex').slice(0, 16)}`;

  app.get('/api/:types{models|datasets}/:namespace/:name/xet-write-token/*', async (c) => {
    const { repository, caller } = await openRepo(hub, c);
    const account = requireWriter(caller).name;
    const expires = Math.floor(Date.now() / 1000) + TOKEN_SECONDS;
    const grant: XetGrant = { type: repository.type, id: repository.id, account };
    const accessToken = signToken(store.secret, { content: grant, expires });
    const casUrl = baseUrl(hub, c) + home;
    c.header('X-Xet-Cas-Url', casUrl);
    c.header('X-Xet-Access-Token', accessToken);
    c.header('X-Xet-Token-Expiration', String(expires));
    return c.json({ accessToken, casUrl, exp: expires });
  });

  app.get(`${home}/v1/chunks/*`, async (c) => {
    grantOf(hub, c);
    throw new HubRefusal({ status: 404, message: 'No chunk is known' });
  });

  app.post(`${home}/v1/xorbs/default/:hash`, async (c) => {
    const { account } = grantOf(hub, c);
    const hash = c.req.param('hash');
    if (!isSha256(hash)) throw malformed('the name of a xorb has 64 hexadecimal digits');
    await xorbs.receive({ account, hash }, c.env.incoming);
    return c.json({ was_inserted: true });
  });

  app.post(`${home}/v1/shards`, async (c) => {
    const grant = grantOf(hub, c);
    const repository = await store.find(grant.type, grant.id);
    if (repository === undefined) throw new HubRefusal({ status: 404, message: 'Repository not found' });
    const shard = parseShard(await readShard(c));
    await locks.run(grant.account, async () => {
      for (const file of shard) {
        if (file.sha256 !== undefined && (await holds(repository, file.sha256))) continue;
        const { sha256 } = await assembleFile({ blobs: store.blobs, xorbs, account: grant.account }, file);
        await repository.exclusively(() => repository.claimLargeFile(sha256));
      }
    });
    return c.json({ result: 1 });
  });
  return app;
}

async function holds(repository: Repository, sha256: string): Promise<boolean> {
  return (await repository.hasLargeFile(sha256)) && (await repository.blobs.size(sha256)) !== undefined;
}

function grantOf(hub: Hub, c: HubRequest): XetGrant {
  const token = /^Bearer\s+(\S+)$/i.exec(c.req.header('authorization') ?? '')?.[1] ?? '';
  return verifyToken(hub.store.secret, token) as XetGrant;
}

async function readShard(c: HubRequest): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of c.env.incoming as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > MAX_SHARD_BYTES) throw malformed('the shard is too large');
    parts.push(part);
  }
  return Buffer.concat(parts);
}
