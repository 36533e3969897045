import { HubfuseError } from '@hubfuse/plugin';
import { type RunSpec, readRunSpec } from '@hubfuse/runs';
import { mayLook, readAccess } from '@hubfuse/service';
import { ApiError } from '../http/api-error.ts';
import { mayUse, type Principal } from '../http/principal.ts';
import type { ApiServices } from '../services.ts';

/** A run as a caller names it. */
export interface RunOfCaller {
  id: string;
  principal: Principal;
}

/** Answered alike where there is no such run and where the caller may not know of it. */
export const UNKNOWN_RUN: ReadonlySet<string> = new Set(['run/unknown', 'run/bad-id', 'store/bad-key']);

/** What was asked for, to a caller who may see it. @throws ApiError 404 `run/unknown` */
export async function requireRun({ store }: ApiServices, { id, principal }: RunOfCaller): Promise<RunSpec> {
  try {
    const [spec, access] = await Promise.all([readRunSpec({ store, runId: id }), readAccess(store, id)]);
    if (mayLook(access, principal.key)) return spec;
  } catch (error) {
    if (!(error instanceof HubfuseError && UNKNOWN_RUN.has(error.code))) throw error;
  }
  throw unknownRun(id);
}

export function unknownRun(id: string): ApiError {
  return new ApiError({
    status: 404,
    code: 'run/unknown',
    message: `there is no run "${id}"`,
    hint: 'GET /v1/runs lists the runs that this key may see',
  });
}

/**
 * The same for a caller who wants to change it: whose key asked for it, or the scope `admin`; runs that no key asked for
 * are everybody's who sees them and may start runs.
 * @throws ApiError 404, 403 `auth/not-yours`
 */
export async function requireOwnRun(services: ApiServices, run: RunOfCaller): Promise<RunSpec> {
  const spec = await requireRun(services, run);
  const { key } = run.principal;
  if (mayUse(run.principal, 'admin') || spec.origin.key === undefined || spec.origin.key === key?.id) return spec;
  throw new ApiError({
    status: 403,
    code: 'auth/not-yours',
    message: `another key asked for the run "${run.id}"`,
    hint: 'use that key, or one with the scope "admin"',
  });
}
