import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { jobOfRun } from '@hubfuse/service';
import type { RunViews } from '../access/run-views.ts';
import { requireRun } from '../access/runs-of-callers.ts';
import { findArtefact, listArtefacts } from '../files/artefacts.ts';
import { sendFile } from '../files/send-file.ts';
import { streamLines } from '../files/stream-lines.ts';
import type { ApiEnv } from '../http/api-env.ts';
import { ApiError } from '../http/api-error.ts';
import { requireScope } from '../http/authenticate.ts';
import { json, problems } from '../http/documented.ts';
import { jsonText } from '../http/json-text.ts';
import { createRouter } from '../http/router.ts';
import { OpenObject } from '../schemas/common.ts';
import { RunParameters } from '../schemas/run.ts';
import type { ApiServices } from '../services.ts';

const tags = ['runs'];
const middleware = requireScope('read');
/** Its own type where a browser may show it, else bytes. */
const BINARY = '*/*';

const report = createRoute({
  method: 'get',
  path: '/v1/runs/{id}/report',
  tags,
  summary: 'What came of a run',
  description: 'Scores, gate, publications, files with their SHA-256. There is one as soon as the run is done.',
  request: { params: RunParameters },
  responses: { 200: json(OpenObject, 'The report.'), ...problems() },
  middleware,
});

const logs = createRoute({
  method: 'get',
  path: '/v1/runs/{id}/logs',
  tags,
  summary: 'What the processes of a run have written',
  description:
    'Line by line. Where the launcher can follow a job that runs, as that of Hugging Face Jobs does, lines go on to come until it ends.',
  request: { params: RunParameters },
  responses: {
    200: { description: 'Lines of text.', content: { 'text/plain': { schema: z.string() } } },
    ...problems(),
  },
  middleware,
});

const ArtefactSchema = z
  .object({
    path: z.string().openapi({ example: 'model.safetensors' }),
    size: z.int().optional(),
    sha256: z.string().optional(),
    url: z.string().openapi({ description: 'Where it can be read.' }),
  })
  .openapi('Artefact');

const artefacts = createRoute({
  method: 'get',
  path: '/v1/runs/{id}/artefacts',
  tags,
  summary: 'List the files that a run made',
  request: { params: RunParameters },
  responses: {
    200: json(z.object({ items: z.array(ArtefactSchema) }), 'The files that can be read here.'),
    ...problems(),
  },
  middleware,
});

const artefact = createRoute({
  method: 'get',
  path: '/v1/runs/{id}/artefacts/{path}',
  tags,
  summary: 'Read a file that a run made, or a part of it',
  description:
    'The path may have several steps. One `Range` of bytes is answered; `If-Range` and `If-None-Match` hold.',
  request: {
    params: RunParameters.extend({ path: z.string().min(1).max(900).openapi({ example: 'onnx/model.onnx' }) }),
    headers: z.object({ range: z.string().max(200).optional().openapi({ example: 'bytes=0-1023' }) }),
  },
  responses: {
    200: { description: 'The file.', content: { [BINARY]: { schema: z.string().openapi({ format: 'binary' }) } } },
    206: { description: 'The part.', content: { [BINARY]: { schema: z.string().openapi({ format: 'binary' }) } } },
    304: { description: 'The client has it.' },
    ...problems(416),
  },
});

/** What runs leave behind. */
export function runFileRoutes(services: ApiServices, views: RunViews) {
  const { store, launcher } = services;
  const routes = createRouter()
    .openapi(report, async (c) => {
      const { id } = c.req.valid('param');
      const text = await views.report({ id, principal: c.get('principal') });
      if (text === undefined) {
        throw new ApiError({
          status: 404,
          code: 'run/no-report',
          message: `the run "${id}" has no report yet`,
          hint: 'it has one when it is done',
        });
      }
      return jsonText(c, text) as never;
    })
    .openapi(logs, async (c) => {
      const { id } = c.req.valid('param');
      await requireRun(services, { id, principal: c.get('principal') });
      const job = await jobOfRun(store, id);
      const handle = job?.launcher === launcher.name ? job.handle : id;
      const body = await streamLines(launcher.logs({ run: id, store, handle }));
      return c.body(body, 200, { 'content-type': 'text/plain; charset=UTF-8' }) as never;
    })
    .openapi(artefacts, async (c) => {
      const { id } = c.req.valid('param');
      await requireRun(services, { id, principal: c.get('principal') });
      const items = (await listArtefacts(services, id)).map(({ path, size, sha256 }) => ({
        path,
        ...(size === undefined ? {} : { size }),
        ...(sha256 === undefined ? {} : { sha256 }),
        url: `/v1/runs/${encodeURIComponent(id)}/artefacts/${path.split('/').map(encodeURIComponent).join('/')}`,
      }));
      return c.json({ items }, 200);
    });
  routes.openAPIRegistry.registerPath(artefact);
  addArtefact(routes, services);
  return routes;
}

/** A parameter of several steps is nothing that the documentation's own way of writing paths knows. */
function addArtefact(routes: OpenAPIHono<ApiEnv>, services: ApiServices): void {
  routes.get('/v1/runs/:id/artefacts/:path{.+}', middleware, async (c) => {
    const id = c.req.param('id');
    await requireRun(services, { id, principal: c.get('principal') });
    return await sendFile(c, await findArtefact(services, { id, path: c.req.param('path') }));
  });
}
