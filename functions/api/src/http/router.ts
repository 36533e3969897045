import { OpenAPIHono } from '@hono/zod-openapi';
import type { ApiEnv } from './api-env.ts';
import { ApiError } from './api-error.ts';
import { pointerTo } from './pointer.ts';

/** Where the parts of a request are, as pointers name them. */
const PLACES: Readonly<Record<string, string>> = {
  query: '/query',
  param: '/path',
  header: '/headers',
  cookie: '/cookies',
};

/** A group of routes. What does not fit the documented shape is refused with the place of the first mistake. */
export function createRouter(): OpenAPIHono<ApiEnv> {
  return new OpenAPIHono<ApiEnv>({
    defaultHook: (result) => {
      if (result.success) return;
      const [issue] = result.error.issues;
      const place = PLACES[result.target] ?? '';
      throw new ApiError({
        status: result.target === 'json' ? 422 : 400,
        code: 'request/invalid',
        message: issue?.message ?? 'the request does not have the documented form',
        pointer: `${place}${pointerTo(issue?.path ?? [])}`,
        hint: 'see /openapi.json',
      });
    },
  });
}
