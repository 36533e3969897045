import { createRoute, z } from '@hono/zod-openapi';
import type { MergeMethod } from '@hubfuse/plugin';
import { recipeSchema } from '@hubfuse/recipe';
import { requireScope } from '../http/authenticate.ts';
import { json, problems } from '../http/documented.ts';
import { createRouter } from '../http/router.ts';
import { OpenObject } from '../schemas/common.ts';
import { MethodSchema, TaskSchema } from '../schemas/extension.ts';
import type { ApiServices } from '../services.ts';

const tags = ['recipes'];
const middleware = requireScope('read');

const methods = createRoute({
  method: 'get',
  path: '/v1/methods',
  tags,
  summary: 'List the merge methods with their parameters',
  responses: { 200: json(z.object({ items: z.array(MethodSchema) }), 'Every method.'), ...problems() },
  middleware,
});

const tasks = createRoute({
  method: 'get',
  path: '/v1/tasks',
  tags,
  summary: 'List what models can be scored on',
  responses: { 200: json(z.object({ items: z.array(TaskSchema) }), 'Every task.'), ...problems() },
  middleware,
});

const schema = createRoute({
  method: 'get',
  path: '/v1/schema',
  tags,
  summary: 'The JSON Schema of recipes',
  description: 'Draft 7, as editors read it; methods, tasks and metrics of plugins are part of it.',
  responses: { 200: json(OpenObject, 'The schema.'), ...problems() },
  middleware,
});

/** What a recipe may name. */
export function extensionRoutes({ registry }: ApiServices) {
  return createRouter()
    .openapi(methods, (c) => c.json({ items: registry.list('method').map(methodView) }, 200))
    .openapi(tasks, (c) => {
      const metrics = registry.list('metric');
      const items = registry.list('task').map(({ name, metric }) => ({
        name,
        metric,
        metrics: metrics.filter((one) => one.tasks.includes(name)).map((one) => one.name),
      }));
      return c.json({ items }, 200);
    })
    .openapi(schema, (c) => c.json(recipeSchema(registry), 200));
}

function methodView({ name, title, description, formula, base, models, parameters, sources }: MergeMethod) {
  return {
    name,
    title,
    description,
    formula: formula.trim(),
    base,
    models: { ...models },
    parameters: Object.entries(parameters).map(([parameter, details]) => ({ name: parameter, ...details })),
    sources: [...sources],
  };
}
