import { createRoute, z } from '@hono/zod-openapi';
import { cancelRun, readRun } from '@hubfuse/runs';
import { continueRun, removeRun } from '@hubfuse/service';
import { callerToken, HubTokenHeader } from '../access/caller-token.ts';
import { listRunsOfCaller, runPageText } from '../access/list-runs-of-caller.ts';
import type { RunViews } from '../access/run-views.ts';
import { requireOwnRun } from '../access/runs-of-callers.ts';
import type { ApiContext } from '../http/api-env.ts';
import { requireScope } from '../http/authenticate.ts';
import { json, problems } from '../http/documented.ts';
import { jsonText } from '../http/json-text.ts';
import { createRouter } from '../http/router.ts';
import { DEFAULT_PAGE, PageQuery } from '../schemas/common.ts';
import { RunPageSchema, RunParameters, RunSchema, StateFilterSchema } from '../schemas/run.ts';
import type { ApiServices } from '../services.ts';
import { runView } from '../views/run-view.ts';

const tags = ['runs'];
const request = { params: RunParameters };

const list = createRoute({
  method: 'get',
  path: '/v1/runs',
  tags,
  summary: 'List runs, the latest first',
  request: {
    query: z.object({
      ...PageQuery,
      state: StateFilterSchema.optional().openapi({ description: 'A state, or `active` for all that have not ended.' }),
      recipe: z.string().min(1).max(100).optional().openapi({ description: 'Name of a stored recipe.' }),
      model: z.string().min(1).max(200).optional().openapi({ description: 'Hub id of a model that is merged.' }),
    }),
  },
  responses: { 200: json(RunPageSchema, 'A page of runs.'), ...problems() },
  middleware: requireScope('read'),
});

const show = createRoute({
  method: 'get',
  path: '/v1/runs/{id}',
  tags,
  summary: 'Show a run',
  request,
  responses: { 200: json(RunSchema, 'The run.'), ...problems() },
  middleware: requireScope('read'),
});

const cancel = createRoute({
  method: 'post',
  path: '/v1/runs/{id}/cancel',
  tags,
  summary: 'Stop a run',
  description:
    'It stops within seconds, and what was downloaded stays in the cache. A run that has ended is left as it is.',
  request,
  responses: { 202: json(RunSchema, 'The run, which is about to stop.'), ...problems() },
  middleware: requireScope('run'),
});

const retry = createRoute({
  method: 'post',
  path: '/v1/runs/{id}/retry',
  tags,
  summary: 'Start a run again that failed, was cancelled, or was not published',
  description:
    'It keeps its id and who asked. One that failed or was cancelled goes on where it was; one that is done and was not ' +
    'published begins anew. A run that reads with a token of its caller needs that again.',
  request: { ...request, headers: HubTokenHeader },
  responses: { 202: json(RunSchema, 'The run, which waits to be executed.'), ...problems(409) },
  middleware: requireScope('run'),
});

const publish = createRoute({
  method: 'post',
  path: '/v1/runs/{id}/publish',
  tags,
  summary: 'Publish what a run made although its gate does not hold',
  request: { ...request, headers: HubTokenHeader },
  responses: { 202: json(RunSchema, 'The run, which waits to publish.'), ...problems(409) },
  middleware: requireScope('run'),
});

const remove = createRoute({
  method: 'delete',
  path: '/v1/runs/{id}',
  tags,
  summary: 'Delete a run that has ended, with all that is kept of it',
  request,
  responses: { 204: { description: 'It is gone.' }, ...problems(409) },
  middleware: requireScope('run'),
});

export function runRoutes(services: ApiServices, views: RunViews) {
  const { store } = services;
  return createRouter()
    .openapi(list, async (c) => {
      const { limit = DEFAULT_PAGE, cursor, state, recipe, model } = c.req.valid('query');
      const filter = { state, recipe, model };
      const page = await listRunsOfCaller(services, views, {
        ...{ principal: c.get('principal'), limit, cursor, filter },
      });
      return jsonText(c, runPageText(page)) as never;
    })
    .openapi(show, async (c) => {
      const { id } = c.req.valid('param');
      return jsonText(c, await views.show({ id, principal: c.get('principal') })) as never;
    })
    .openapi(cancel, async (c) => {
      const { id } = c.req.valid('param');
      await requireOwnRun(services, { id, principal: c.get('principal') });
      await cancelRun({ store, runId: id });
      services.wake();
      return c.json(runView(await readRun({ store, runId: id })), 202);
    })
    .openapi(retry, async (c) => c.json(await again(c, 'retry'), 202))
    .openapi(publish, async (c) => c.json(await again(c, 'publish'), 202))
    .openapi(remove, async (c) => {
      const { id } = c.req.valid('param');
      await requireOwnRun(services, { id, principal: c.get('principal') });
      await removeRun(services, { runId: id, workspace: services.workspace });
      return c.body(null, 204);
    });

  async function again(c: ApiContext, how: 'retry' | 'publish') {
    const id = c.req.param('id') ?? '';
    const principal = c.get('principal');
    await requireOwnRun(services, { id, principal });
    await continueRun(services, { runId: id, how, key: principal.key, token: callerToken(c) });
    return runView(await readRun({ store, runId: id }));
  }
}
