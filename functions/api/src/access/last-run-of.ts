import { readRun } from '@hubfuse/runs';
import type { Principal } from '../http/principal.ts';
import type { ApiServices } from '../services.ts';
import { listRunsOfCaller } from './list-runs-of-caller.ts';

/** The latest run of a stored recipe that a caller may see, and what came of it. Scores are fractions. */
export async function lastRunOf(
  services: ApiServices,
  { recipe, principal }: { recipe: string; principal: Principal },
) {
  const { items } = await listRunsOfCaller(services, { principal, limit: 1, cursor: undefined, filter: { recipe } });
  const [run] = items;
  if (run === undefined) return undefined;
  const { id, state, updatedAt } = run;
  if (state !== 'done') return { id, state, updatedAt };
  const { report, spec } = await readRun({ store: services.store, runId: id });
  const { hub, others = {} } = spec.recipe.publish ?? {};
  const publishes = hub !== undefined || Object.keys(others).length > 0;
  const rows = report?.scores?.rows ?? [];
  const score = rows.find(({ role }) => role === 'merged')?.dev?.mean;
  const parents = rows.flatMap(({ role, dev }) => (role === 'parent' && dev !== undefined ? [dev.mean] : []));
  return {
    id,
    state,
    updatedAt,
    ...(publishes ? { published: (report?.published.length ?? 0) > 0 } : {}),
    ...(score === undefined ? {} : { score }),
    ...(parents.length === 0 ? {} : { bestParent: Math.max(...parents) }),
  };
}
