import { z } from '@hono/zod-openapi';
import type { ApiContext } from '../http/api-env.ts';
import { ApiError } from '../http/api-error.ts';

/** A token of the caller's own, with which a run reads and publishes in the place of the server's. */
export const HubTokenHeader = z.object({
  'x-hf-token': z.string().optional().openapi({
    description:
      "A token of the Hub, the caller's own, in the place of the server's. It is kept encrypted while the run lives, and nowhere else.",
  }),
});

/** @throws ApiError 400 `auth/hub-token`, which does not show it */
export function callerToken(c: ApiContext): string | undefined {
  const token = c.req.header('x-hf-token');
  if (token === undefined || token === '') return undefined;
  if (/^hf_[\x21-\x7e]{1,500}$/.test(token)) return token;
  throw new ApiError({
    status: 400,
    code: 'auth/hub-token',
    message: 'X-HF-Token is no access token of the Hub: those begin with hf_',
    pointer: '/headers/x-hf-token',
  });
}
