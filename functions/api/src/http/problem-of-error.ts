import { STATUS_CODES } from 'node:http';
import { redact } from '@hubfuse/hub';
import { HubfuseError, RecipeError, RunError, StoreError, UsageError } from '@hubfuse/plugin';
import { HTTPException } from 'hono/http-exception';
import { ApiError } from './api-error.ts';
import { pointerOf } from './pointer.ts';
import type { Problem, ProblemPart } from './problem.ts';

/** Statuses of errors that say more with their code than with their class. */
const BY_CODE: Readonly<Record<string, number>> = {
  'run/unknown': 404,
  'run/bad-id': 404,
  'run/no-report': 409,
  'store/bad-key': 404,
  'hub/unreachable': 503,
  'hub/unavailable': 503,
  'hub/timeout': 503,
  'hub/offline': 503,
  'hub/bad-answer': 503,
  'hub/certificate': 503,
  'store/unreachable': 503,
  'store/contended': 503,
  'store/locked': 503,
  'store/forbidden': 503,
  'store/no-bucket': 503,
  'run/busy': 503,
  'store/busy': 503,
  'service/unknown-recipe': 404,
  'service/unknown-key': 404,
  'service/etag-mismatch': 412,
  'service/runs-per-day': 429,
  'service/usd-per-month': 429,
  'service/namespace': 403,
  'service/s3-target': 403,
  'service/private-repo': 403,
  'service/idempotency-key': 409,
  'service/token-needed': 409,
  'service/bad-key-settings': 422,
  'service/bad-payload': 422,
};

/** Seconds after which a client may try again what failed for a while. */
const RETRY_SECONDS = '5';

/** An error as an answer: the problem and the headers that belong to it. */
export interface ProblemAnswer {
  problem: Problem;
  headers: Record<string, string>;
}

/** Turns anything that was thrown into a problem. What nobody meant to raise becomes 500 and says nothing of itself. */
export function problemOfError(error: unknown, requestId: string): ProblemAnswer {
  if (error instanceof HTTPException) return problemOfException(error, requestId);
  if (!(error instanceof HubfuseError)) return { problem: basic(500, 'internal/error', requestId), headers: {} };
  const status = statusOf(error);
  const place = error instanceof RecipeError ? error.place : undefined;
  const pointer = error instanceof ApiError ? error.pointer : place && pointerOf(place.path);
  const problem: Problem = {
    ...basic(status, error.code, requestId),
    ...(status === 500 ? {} : { detail: redact(error.summary) }),
    ...(pointer === undefined || pointer === '' ? {} : { pointer }),
    ...(error.hint === undefined || status === 500 ? {} : { hint: redact(error.hint) }),
    ...(error.where === undefined || status === 500 ? {} : { where: redact(error.where) }),
    ...(error instanceof RecipeError ? { errors: error.findings.map(partOf) } : {}),
  };
  return { problem, headers: headersOf(error, status) };
}

function headersOf(error: HubfuseError, status: number): Record<string, string> {
  if (error instanceof ApiError && Object.keys(error.headers).length > 0) return { ...error.headers };
  return status === 503 || status === 429 ? { 'retry-after': RETRY_SECONDS } : {};
}

function statusOf(error: HubfuseError): number {
  if (error instanceof ApiError) return error.status;
  const known = BY_CODE[error.code];
  if (known !== undefined) return known;
  if (error instanceof UsageError) return 400;
  if (error instanceof RunError) return 409;
  if (error instanceof StoreError) return 500;
  // Whatever else hubfuse raises on purpose is about what the recipe names: a repository, a file, a tensor, a label.
  return 422;
}

function partOf(finding: RecipeError): ProblemPart {
  const { place } = finding;
  const pointer = place === undefined ? '' : pointerOf(place.path);
  return {
    code: finding.code,
    detail: redact(finding.summary),
    ...(pointer === '' ? {} : { pointer }),
    ...(place?.line === undefined ? {} : { line: place.line, column: place.column ?? 1 }),
    ...(finding.hint === undefined ? {} : { hint: redact(finding.hint) }),
  };
}

/** What Hono and its middleware raise. */
function problemOfException(error: HTTPException, requestId: string): ProblemAnswer {
  const { status } = error;
  const codes: Readonly<Record<number, readonly [code: string, hint?: string]>> = {
    400: ['request/malformed', 'send JSON that is well formed'],
    413: ['request/too-large'],
    415: ['request/media-type', 'send application/json, or application/yaml where a recipe is expected'],
  };
  const [code = 'request/refused', hint] = codes[status] ?? [];
  const headers = Object.fromEntries(error.res?.headers.entries() ?? []);
  const detail = error.message === '' ? undefined : redact(error.message);
  return {
    problem: {
      ...basic(status, code, requestId),
      ...(detail === undefined || status >= 500 ? {} : { detail }),
      ...(hint === undefined ? {} : { hint }),
    },
    headers,
  };
}

function basic(status: number, code: string, requestId: string): Problem {
  return {
    type: `urn:hubfuse:problem:${code}`,
    title: STATUS_CODES[status] ?? 'Error',
    status,
    instance: `urn:hubfuse:request:${requestId}`,
    code,
  };
}
