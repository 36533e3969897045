import type { MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';
import { RunViews } from './access/run-views.ts';
import { RunFeeds } from './feed/run-feeds.ts';
import type { ApiContext, ApiEnv } from './http/api-env.ts';
import { ApiError } from './http/api-error.ts';
import { authenticate } from './http/authenticate.ts';
import { boundedBody } from './http/bounded-body.ts';
import { BadKeys, identify, isDelivery } from './http/identify.ts';
import { methodsOfPaths } from './http/methods-of-path.ts';
import type { Principal } from './http/principal.ts';
import { PROBLEM_TYPE } from './http/problem.ts';
import { problemOfError } from './http/problem-of-error.ts';
import { RateLimiter, rateLimit } from './http/rate-limit.ts';
import { requestId } from './http/request-id.ts';
import { createRouter } from './http/router.ts';
import { securityHeaders } from './http/security-headers.ts';
import { Sessions } from './http/sessions.ts';
import { countRequests } from './metrics/count-requests.ts';
import { Metrics } from './metrics/metrics.ts';
import { processFigures } from './metrics/process-figures.ts';
import { documentSecurity, openApiDocument } from './openapi-document.ts';
import { eventRoutes } from './routes/events.ts';
import { extensionRoutes } from './routes/extensions.ts';
import { healthRoutes } from './routes/health.ts';
import { hubEventRoutes } from './routes/hub-events.ts';
import { keyRoutes } from './routes/keys.ts';
import { metricsRoutes } from './routes/metrics.ts';
import { pageRoutes } from './routes/pages.ts';
import { planRoutes } from './routes/plans.ts';
import { recipeRoutes } from './routes/recipes.ts';
import { runFileRoutes } from './routes/run-files.ts';
import { runRoutes } from './routes/runs.ts';
import { sessionRoutes } from './routes/session.ts';
import { signInRoutes } from './routes/sign-in.ts';
import { startRunRoutes } from './routes/start-run.ts';
import { webhookRoutes } from './routes/webhooks.ts';
import type { ApiServices } from './services.ts';

/** What clients are typed by. */
export type AppType = ReturnType<typeof createApp>;

/**
 * The service as one app: whatever can hand it requests can serve it. It holds no state beside counters and who follows
 * what; all else lies in the store, so that several processes behave as one.
 */
export function createApp(services: ApiServices) {
  const { bounds, keys, store } = services;
  // Where accounts sign in, nobody comes in without, keys or none.
  const loopback = services.loopback && services.signIn === undefined;
  const metrics = new Metrics();
  const feeds = new RunFeeds(store);
  const views = new RunViews(store);
  const sessions = new Sessions({ store, keyById: (id) => keys.get(id) });
  const badKeys = new BadKeys(new RateLimiter(bounds.badKeys));
  const asked = new RateLimiter(bounds.rate);
  processFigures(metrics, feeds);

  const app = createRouter();
  let methodsOf: (path: string) => string[] = () => [];
  app.onError((error, c) => {
    const { problem, headers } = problemOfError(error, c.get('requestId') ?? 'none');
    if (problem.status >= 500) services.onFault?.(error, c.get('requestId'));
    return c.body(JSON.stringify(problem), problem.status as 500, { 'content-type': PROBLEM_TYPE, ...headers });
  });
  app.notFound((c) => {
    const allowed = methodsOf(c.req.path);
    if (allowed.length === 0 || allowed.includes(c.req.method)) {
      throw new ApiError({
        status: 404,
        code: 'request/no-route',
        message: 'there is nothing here',
        hint: 'see /docs',
      });
    }
    throw new ApiError({
      status: 405,
      code: 'request/method',
      message: `there is no ${c.req.method} here`,
      hint: `use ${allowed.join(' or ')}`,
      headers: { allow: allowed.join(', ') },
    });
  });

  app.use(requestId, countRequests({ metrics, log: services.log }), securityHeaders, async (c, next) => {
    c.set('clientAddress', services.addressOf?.(c) ?? '');
    await next();
  });
  if (services.cors.length > 0) app.use('/v1/*', crossOrigin(services.cors));
  for (const path of ['/v1/*', '/metrics']) {
    app.use(path, identify(authenticate({ keys, sessions, loopback }), badKeys));
    app.use(path, rateLimit(asked, clientOf), boundedBody(bounds.body));
  }

  app.use('/login/*', rateLimit(asked, clientOf));

  const routes = app
    .route('/', healthRoutes(services))
    .route('/', metricsRoutes(metrics))
    .route('/', extensionRoutes(services))
    .route('/', planRoutes(services))
    .route('/', startRunRoutes(services))
    .route('/', runRoutes(services, views))
    .route('/', eventRoutes(services, { feeds, views }))
    .route('/', runFileRoutes(services, views))
    .route('/', recipeRoutes(services, views))
    .route('/', webhookRoutes(services))
    .route('/', hubEventRoutes(services, badKeys))
    .route('/', keyRoutes(services))
    .route('/', sessionRoutes(services, { sessions, badKeys }))
    .route('/', signInRoutes(services, { sessions, badKeys }));
  documentSecurity(app);
  const document = openApiDocument(app);
  app.get('/openapi.json', (c) => c.json(document));
  app.route('/', pageRoutes(services));
  methodsOf = methodsOfPaths(app.routes);
  return routes;
}

/** Lets pages of these origins read answers; cookies never go along. */
function crossOrigin(origins: readonly string[]): MiddlewareHandler<ApiEnv> {
  return cors({
    origin: [...origins],
    allowHeaders: ['authorization', 'content-type', 'idempotency-key', 'if-match', 'if-none-match', 'last-event-id'],
    allowMethods: ['GET', 'POST', 'PUT', 'DELETE'],
    exposeHeaders: ['etag', 'location', 'x-request-id', 'content-range'],
  });
}

/** Whom a rate limit counts for: a key, else an address. The Hub comes as often as something happens there. */
function clientOf(c: ApiContext): string | undefined {
  if (isDelivery(c)) return undefined;
  const key = (c.get('principal') as Principal | undefined)?.key?.id;
  return key === undefined ? `address ${c.get('clientAddress')}` : `key ${key}`;
}
