import { z } from '@hono/zod-openapi';

/** An object whose form belongs to the part of hubfuse that makes it. */
export const OpenObject = z.record(z.string(), z.any());

export const Time = z.string().openapi({ description: 'ISO 8601, UTC.', example: '2026-11-30T08:00:00.000Z' });

const MOST_PER_PAGE = 200;

/** Query of a list that comes page by page. */
export const PageQuery = {
  limit: z
    .string()
    .regex(/^[0-9]{1,3}$/, 'limit is a number from 1 to 200')
    .transform(Number)
    .refine((limit) => limit >= 1 && limit <= MOST_PER_PAGE, 'limit is a number from 1 to 200')
    .optional()
    .openapi({
      type: 'integer',
      minimum: 1,
      maximum: MOST_PER_PAGE,
      description: 'Most items of the page. Default 50.',
    }),
  cursor: z.string().min(1).max(500).optional().openapi({ description: '`next` of the page before.' }),
};

export const DEFAULT_PAGE = 50;
