import { createRoute, z } from '@hono/zod-openapi';
import { makePlan } from '@hubfuse/runs';
import { callerToken, HubTokenHeader } from '../access/caller-token.ts';
import { readBodyRecipe } from '../access/read-body-recipe.ts';
import { requireAccess } from '../access/require-access.ts';
import { requireScope } from '../http/authenticate.ts';
import { json, problems } from '../http/documented.ts';
import { createRouter } from '../http/router.ts';
import { Turnstile } from '../http/turnstile.ts';
import { PlanSchema } from '../schemas/plan.ts';
import { RECIPE_CONTENT } from '../schemas/recipe-request.ts';
import type { Services } from '../services.ts';
import { planView } from '../views/plan-view.ts';

const route = createRoute({
  method: 'post',
  path: '/v1/plans',
  tags: ['plans'],
  summary: 'Show what a recipe would do',
  description:
    'Pins every revision and reads headers; downloads nothing and keeps nothing. What would make the run fail and can be ' +
    'known now is refused here.',
  request: {
    query: z.object({
      tensors: z.enum(['true', 'false']).optional().openapi({ description: 'List the fate of every tensor.' }),
    }),
    headers: HubTokenHeader,
    body: { content: RECIPE_CONTENT },
  },
  responses: { 200: json(PlanSchema, 'The plan.'), ...problems(422) },
  middleware: requireScope('read'),
});

export function planRoutes(services: Services) {
  const turnstile = new Turnstile(services.limits.plans);
  return createRouter().openapi(route, async (c) => {
    const { registry, hub } = services;
    const { recipe } = await readBodyRecipe(c, services);
    const token = callerToken(c);
    const access = { ...hub, ...(token === undefined ? {} : { token, tokenOrigin: 'X-HF-Token' }) };
    await requireAccess({ recipe, principal: c.get('principal'), hub, ownToken: token !== undefined });
    const options = { hubUrl: hub.hubUrl, workingDirectory: '/' };
    const plan = await turnstile.pass(() =>
      makePlan({ spec: { recipe, options }, hub: { ...access, signal: c.req.raw.signal }, registry }),
    );
    return c.json(planView(plan, { tensors: c.req.valid('query').tensors === 'true' }), 200);
  });
}
