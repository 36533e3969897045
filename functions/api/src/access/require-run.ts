import type { Recipe } from '@hubfuse/recipe';
import { type RunSpec, readRunSpec } from '@hubfuse/runs';
import { ApiError } from '../http/api-error.ts';
import { mayEnter, mayUse, type Principal } from '../http/principal.ts';
import type { Services } from '../services.ts';
import { namespaceOf } from './recipe-repos.ts';

/**
 * Whether a key sees a run: its own, one whose repositories all lie in its namespaces, and every one with the scope
 * `admin`. What a run read, and with it the merged weights, may be private.
 */
export function maySeeRun(principal: Principal, run: { key?: string | undefined; repos: readonly string[] }): boolean {
  if (mayUse(principal, 'admin')) return true;
  if (principal.key !== undefined && principal.key === run.key) return true;
  return run.repos.every((repo) => mayEnter(principal, namespaceOf(repo)));
}

/** The repositories that a recipe reads and publishes to. */
export function reposOf(recipe: Recipe): string[] {
  const models = [...(recipe.base === undefined ? [] : [recipe.base]), ...recipe.models];
  const references = models.map(({ reference }) => (reference.kind === 'hub' ? reference.repo : reference.path));
  const data = (recipe.evaluate?.datasets ?? []).flatMap(({ from, dev, test, calib }) => [
    ...(from?.kind === 'hub' ? [from.repo] : []),
    ...[dev, test, calib].flatMap((file) => (file?.kind === 'hub' ? [file.repo] : [])),
  ]);
  const target = recipe.publish?.hub?.repo;
  return [...new Set([...references, ...data, ...(target === undefined ? [] : [target])])];
}

/** What was asked for, to a caller who may see it. @throws ApiError 404 where there is no such run for the caller */
export async function requireRun(
  { store }: Services,
  { id, principal }: { id: string; principal: Principal },
): Promise<RunSpec> {
  const spec = await readRunSpec({ store, runId: id }).catch((error: unknown) => {
    if (isUnknown(error)) return undefined;
    throw error;
  });
  if (spec !== undefined && maySeeRun(principal, { key: originOf(spec).key, repos: reposOf(spec.recipe) })) return spec;
  throw new ApiError({
    status: 404,
    code: 'run/unknown',
    message: `there is no run "${id}"`,
    hint: 'GET /v1/runs lists the runs that this key may see',
  });
}

function isUnknown(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  return code === 'run/unknown' || code === 'run/bad-id' || code === 'store/bad-key';
}

function originOf(spec: RunSpec): { key?: string } {
  return (spec as RunSpec & { origin?: { key?: string } }).origin ?? {};
}
