import { createRoute, z } from '@hono/zod-openapi';
import { readRun } from '@hubfuse/runs';
import { startRun } from '@hubfuse/service';
import { callerToken, HubTokenHeader } from '../access/caller-token.ts';
import { readBodyRecipe } from '../access/read-body-recipe.ts';
import { requireStoredRecipe } from '../access/recipes-of-callers.ts';
import { requireScope } from '../http/authenticate.ts';
import { json, problems } from '../http/documented.ts';
import { createRouter } from '../http/router.ts';
import { RECIPE_CONTENT } from '../schemas/recipe-request.ts';
import { RunSchema } from '../schemas/run.ts';
import type { ApiServices } from '../services.ts';
import { runView } from '../views/run-view.ts';

const Location = z.object({ location: z.string().openapi({ description: 'Address of the run.' }) });

const route = createRoute({
  method: 'post',
  path: '/v1/runs',
  tags: ['runs'],
  summary: 'Start a run',
  description:
    'The recipe is checked as far as its text allows; everything else is what the run itself finds out, and its events ' +
    'say. Repeating a request with the same `Idempotency-Key` answers with the run that the first one made.',
  request: {
    headers: HubTokenHeader.extend({
      'idempotency-key': z.string().min(1).max(255).optional().openapi({
        description: 'Any text, such as a fresh UUID: however often the request is sent, it makes one run.',
      }),
    }),
    body: { content: RECIPE_CONTENT },
  },
  responses: {
    200: { ...json(RunSchema, 'An earlier request with the same `Idempotency-Key` had made it.'), headers: Location },
    201: { ...json(RunSchema, 'The run, which waits to be executed.'), headers: Location },
    ...problems(409, 422),
  },
  middleware: requireScope('run'),
});

export function startRunRoutes(services: ApiServices) {
  return createRouter().openapi(route, async (c) => {
    const principal = c.get('principal');
    const { recipe, seed } = await readBodyRecipe(c);
    if ('name' in recipe) await requireStoredRecipe(services, { name: recipe.name, principal });
    const { id, created } = await startRun(services, {
      recipe,
      key: principal.key,
      seed,
      idempotencyKey: c.req.valid('header')['idempotency-key'],
      token: callerToken(c),
    });
    const run = runView(await readRun({ store: services.store, runId: id }));
    c.header('location', run.links.self);
    return created ? c.json(run, 201) : c.json(run, 200);
  });
}
