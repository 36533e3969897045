import { Hono } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { errorReply, HubRefusal } from './http/errors.ts';
import type { Hub, HubEnv } from './http/request.ts';
import { accountRoutes } from './routes/accounts.ts';
import { checkRoutes } from './routes/checks.ts';
import { commentRoutes } from './routes/comments.ts';
import { commitRoutes } from './routes/commit.ts';
import { discussionRoutes } from './routes/discussions.ts';
import { historyRoutes } from './routes/history.ts';
import { infoRoutes } from './routes/info.ts';
import { lfsRoutes } from './routes/lfs.ts';
import { pageRoutes } from './routes/pages.ts';
import { preuploadRoutes } from './routes/preupload.ts';
import { refRoutes } from './routes/refs.ts';
import { repoRoutes } from './routes/repos.ts';
import { resolveRoutes } from './routes/resolve.ts';
import { treeRoutes } from './routes/tree.ts';
import { webhookRoutes } from './routes/webhooks.ts';
import { xetRoutes } from './routes/xet.ts';

/** All routes of the Hub. */
export function createApp(hub: Hub): Hono<HubEnv> {
  const app = new Hono<HubEnv>();
  app.onError((error, c) =>
    error instanceof HTTPException ? error.getResponse() : errorReply(error, c, hub.onNotice),
  );
  app.notFound((c) =>
    errorReply(new HubRefusal({ status: 404, message: `Not found: ${c.req.path}` }), c, hub.onNotice),
  );
  app.options('*', (c) => c.body(null, 204));
  const all = [
    accountRoutes,
    repoRoutes,
    checkRoutes,
    infoRoutes,
    treeRoutes,
    historyRoutes,
    refRoutes,
    preuploadRoutes,
    commitRoutes,
    discussionRoutes,
    commentRoutes,
    webhookRoutes,
    lfsRoutes,
    xetRoutes,
    resolveRoutes,
    pageRoutes,
  ];
  for (const routes of all) app.route('/', routes(hub));
  return app;
}
