import { createRoute, z } from '@hono/zod-openapi';
import { makePlan, withEstimates } from '@hubfuse/runs';
import { checkPublishing, privateNamespaces } from '@hubfuse/service';
import { callerToken, HubTokenHeader } from '../access/caller-token.ts';
import { readBodyRecipe } from '../access/read-body-recipe.ts';
import { requireStoredRecipe } from '../access/recipes-of-callers.ts';
import { requireScope } from '../http/authenticate.ts';
import { json, problems } from '../http/documented.ts';
import { createRouter } from '../http/router.ts';
import { Turnstile } from '../http/turnstile.ts';
import { PlanSchema } from '../schemas/plan.ts';
import { RECIPE_CONTENT } from '../schemas/recipe-request.ts';
import type { ApiServices } from '../services.ts';
import { planView } from '../views/plan-view.ts';

const route = createRoute({
  method: 'post',
  path: '/v1/plans',
  tags: ['plans'],
  summary: 'Show what a recipe would do',
  description:
    'Pins every revision and reads headers; downloads nothing and keeps nothing. Time and cost are told for the machine that a ' +
    'run would be given. What would make the run fail and can be ' +
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

/** Launchers that execute on this machine, which then needs what scores. */
const HERE = new Set(['in-process', 'local']);

export function planRoutes(services: ApiServices) {
  const { registry, hub, recipes, launcher } = services;
  const turnstile = new Turnstile(services.bounds.plans);
  return createRouter().openapi(route, async (c) => {
    const principal = c.get('principal');
    const asked = await readBodyRecipe(c);
    const recipe =
      'text' in asked.recipe
        ? recipes.parse(asked.recipe.text)
        : recipes.parseStored(await requireStoredRecipe(services, { name: asked.recipe.name, principal })).recipe;
    const token = callerToken(c);
    checkPublishing(recipe, principal.key);
    if (principal.key !== undefined && token === undefined) {
      await privateNamespaces({ recipe, key: principal.key, hub });
    }
    const { signal } = c.req.raw;
    const access = token === undefined ? hub : { ...hub, token, tokenOrigin: 'X-HF-Token' };
    // A folder that paths in a recipe would start at; there are none in one that came over HTTP.
    const options = { hubUrl: hub.hubUrl, workingDirectory: '/', seed: asked.seed };
    const plan = await turnstile.pass(async () => {
      const made = await makePlan({
        spec: { recipe, options },
        hub: { ...access, signal },
        registry,
        elsewhere: !HERE.has(launcher.name),
      });
      return withEstimates(made, { tariff: await launcher.tariffOf?.(made) });
    });
    return c.json(planView(plan, { tensors: c.req.valid('query').tensors === 'true' }), 200);
  });
}
