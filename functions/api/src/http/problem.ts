import { z } from '@hono/zod-openapi';

/** One of several things that are wrong. */
const ProblemPart = z
  .object({
    code: z.string().openapi({ description: 'Stable, `<area>/<what>`.', example: 'recipe/unknown-key' }),
    detail: z.string(),
    pointer: z
      .string()
      .optional()
      .openapi({ description: 'JSON pointer into the request.', example: '/models/0/model' }),
    line: z.int().optional().openapi({ description: 'Line of the recipe, counted from 1.' }),
    column: z.int().optional().openapi({ description: 'Column of the recipe, counted from 1.' }),
    hint: z.string().optional(),
  })
  .openapi('ProblemPart');

/** Why a request was refused: RFC 9457, with a stable code, a place and a hint. */
export const ProblemSchema = z
  .object({
    type: z.string().openapi({ example: 'urn:hubfuse:problem:recipe/unknown-key' }),
    title: z.string().openapi({ description: 'What the status means.' }),
    status: z.int(),
    detail: z.string().optional().openapi({ description: 'One sentence that names the offending thing.' }),
    instance: z.string().openapi({ description: 'The request, as the log of the server calls it.' }),
    code: z.string().openapi({ description: 'Stable, `<area>/<what>`.', example: 'recipe/unknown-key' }),
    pointer: z.string().optional().openapi({ description: 'JSON pointer into the request.' }),
    hint: z.string().optional().openapi({ description: 'What to do about it.' }),
    where: z.string().optional().openapi({ description: 'Line, file, tensor or address.' }),
    errors: z
      .array(ProblemPart)
      .optional()
      .openapi({ description: 'Everything that is wrong, where it is more than one thing.' }),
  })
  .openapi('Problem');

export type Problem = z.infer<typeof ProblemSchema>;
export type ProblemPart = z.infer<typeof ProblemPart>;

export const PROBLEM_TYPE = 'application/problem+json';
