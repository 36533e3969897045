import { createRoute, z } from '@hono/zod-openapi';
import { isYaml } from '../access/read-body-recipe.ts';
import { maySeeRecipe, maySteer, requireStoredRecipe } from '../access/recipes-of-callers.ts';
import type { RunViews } from '../access/run-views.ts';
import type { ApiContext } from '../http/api-env.ts';
import { ApiError } from '../http/api-error.ts';
import { requireScope } from '../http/authenticate.ts';
import { conditionOf, quoted } from '../http/conditions.ts';
import { json, problems } from '../http/documented.ts';
import type { Principal } from '../http/principal.ts';
import { createRouter } from '../http/router.ts';
import { DEFAULT_PAGE, OpenObject, PageQuery } from '../schemas/common.ts';
import { RecipePageSchema, RecipeParameters, RecipeSchema } from '../schemas/recipe.ts';
import { YamlBody } from '../schemas/recipe-request.ts';
import type { ApiServices } from '../services.ts';
import { recipeSummaryView } from '../views/recipe-view.ts';

const tags = ['recipes'];
const Etag = z.object({ etag: z.string().openapi({ description: 'For `If-Match`.' }) });
const Conditions = z.object({
  'if-match': z.string().max(300).optional().openapi({
    description: 'The etag of the version that is replaced, in quotes, or `*`.',
    pattern: '^("[!#-~]{1,200}"|\\*)$',
  }),
  'if-none-match': z
    .string()
    .max(300)
    .optional()
    .openapi({ description: '`*`: only where there is none.', pattern: '^\\*$' }),
});

const list = createRoute({
  method: 'get',
  path: '/v1/recipes',
  tags,
  summary: 'List the stored recipes by name, each with its last run',
  request: { query: z.object(PageQuery) },
  responses: { 200: json(RecipePageSchema, 'A page of stored recipes.'), ...problems() },
  middleware: requireScope('read'),
});

const show = createRoute({
  method: 'get',
  path: '/v1/recipes/{name}',
  tags,
  summary: 'Show a stored recipe',
  request: { params: RecipeParameters },
  responses: { 200: { ...json(RecipeSchema, 'The recipe.'), headers: Etag }, ...problems() },
  middleware: requireScope('read'),
});

const put = createRoute({
  method: 'put',
  path: '/v1/recipes/{name}',
  tags,
  summary: 'Store a recipe: from then on it runs by itself',
  description:
    'The body is the recipe, as YAML or as JSON. One that exists already is changed only with `If-Match`, so that nobody ' +
    'overwrites a change that they have not seen; `If-Match: *` does so nevertheless.',
  request: {
    params: RecipeParameters,
    headers: Conditions,
    body: { content: { 'application/yaml': { schema: YamlBody }, 'application/json': { schema: OpenObject } } },
  },
  responses: {
    200: { ...json(RecipeSchema, 'It was changed.'), headers: Etag },
    201: { ...json(RecipeSchema, 'It was made.'), headers: Etag },
    ...problems(412, 422, 428),
  },
  middleware: requireScope('run'),
});

const remove = createRoute({
  method: 'delete',
  path: '/v1/recipes/{name}',
  tags,
  summary: 'Remove a stored recipe; runs under way go on',
  request: { params: RecipeParameters, headers: Conditions.pick({ 'if-match': true }) },
  responses: { 204: { description: 'It is gone.' }, ...problems(412) },
  middleware: requireScope('run'),
});

/** Stored recipes: subscriptions to the repositories that they name. */
export function recipeRoutes(services: ApiServices, views: RunViews) {
  const { recipes } = services;
  return createRouter()
    .openapi(list, async (c) => {
      const { limit = DEFAULT_PAGE, cursor } = c.req.valid('query');
      const principal = c.get('principal');
      const seen = (await recipes.list(cursor === undefined ? {} : { after: cursor })).filter((stored) =>
        maySeeRecipe(services, { stored, principal }),
      );
      const page = seen.slice(0, limit);
      const items = await Promise.all(page.map((stored) => recipeSummaryView(services, { stored, principal, views })));
      const next = seen.length > limit ? page.at(-1)?.name : undefined;
      return c.json({ items, ...(next === undefined ? {} : { next }) }, 200);
    })
    .openapi(show, async (c) => {
      const { name } = c.req.valid('param');
      return c.json(await view(c, await requireStoredRecipe(services, { name, principal: c.get('principal') })), 200);
    })
    .openapi(put, async (c) => {
      const { name } = c.req.valid('param');
      const principal = c.get('principal');
      const condition = conditionOf(c);
      const text = await bodyText(c);
      const standing = await requireMine(name, principal);
      if (standing && condition === undefined) {
        throw new ApiError({
          status: 428,
          code: 'request/condition-required',
          message: `there is a stored recipe "${name}" already`,
          hint: 'send its etag as If-Match to change it, or If-Match: * to overwrite whatever it is',
        });
      }
      const { recipe, created } = await recipes.put({
        name,
        text,
        key: principal.key,
        condition: condition ?? { ifNoneMatch: '*' },
      });
      services.wake();
      return created ? c.json(await view(c, recipe), 201) : c.json(await view(c, recipe), 200);
    })
    .openapi(remove, async (c) => {
      const { name } = c.req.valid('param');
      const principal = c.get('principal');
      await requireStoredRecipe(services, { name, principal });
      await requireMine(name, principal);
      const condition = conditionOf(c);
      await recipes.delete(name, condition !== undefined && 'ifMatch' in condition ? condition : undefined);
      return c.body(null, 204);
    });

  async function view(c: ApiContext, stored: Awaited<ReturnType<typeof requireStoredRecipe>>) {
    c.header('etag', quoted(stored.etag));
    const summary = await recipeSummaryView(services, { stored, principal: c.get('principal'), views });
    return { ...summary, text: stored.text };
  }

  /** Whether there is a recipe of that name. @throws ApiError 403 where the caller may not change it */
  async function requireMine(name: string, principal: Principal): Promise<boolean> {
    const standing = await recipes.get(name);
    if (standing === undefined) return false;
    if (maySteer(standing, principal)) return true;
    throw new ApiError({
      status: 403,
      code: 'auth/not-yours',
      message: `another key put the stored recipe "${name}"`,
      hint: 'use that key, one with the scope "admin", or another name',
    });
  }
}

/** The recipe of a body to the letter; JSON is a form of it. */
async function bodyText(c: ApiContext): Promise<string> {
  const type = c.req.header('content-type');
  const text = type === undefined ? '' : await c.req.text();
  if (text.trim() !== '') return isYaml(type ?? '') ? text : `${text.trimEnd()}\n`;
  throw new ApiError({
    status: 422,
    code: 'request/no-recipe',
    message: 'the body is empty',
    hint: 'send the recipe as application/yaml',
  });
}
