import { STATUS_CODES } from 'node:http';
import type { z } from '@hono/zod-openapi';
import { PROBLEM_TYPE, ProblemSchema } from './problem.ts';

interface ProblemResponse {
  description: string;
  content: { [PROBLEM_TYPE]: { schema: typeof ProblemSchema } };
}

/** What every route below /v1 may answer: keys, origins, sizes, slow bodies, limits, a store that is away. */
const EVERYWHERE = [400, 401, 403, 404, 408, 413, 414, 415, 429, 500, 503] as const;

/** The problems that a route may answer, for its documentation; those that every route has are added. */
export function problems(...statuses: readonly number[]): Record<string, ProblemResponse> {
  const all = [...new Set([...EVERYWHERE, ...statuses])].sort((a, b) => a - b);
  return Object.fromEntries(
    all.map((status) => [
      String(status),
      { description: STATUS_CODES[status] ?? 'Refused', content: { [PROBLEM_TYPE]: { schema: ProblemSchema } } },
    ]),
  );
}

/** An answer in JSON, for a route's documentation. */
export function json<T extends z.ZodType>(schema: T, description: string) {
  return { description, content: { 'application/json': { schema } } };
}
