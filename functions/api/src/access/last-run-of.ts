import { readRunSpec } from '@hubfuse/runs';
import type { Principal } from '../http/principal.ts';
import type { ApiServices } from '../services.ts';
import { listRunsOfCaller } from './list-runs-of-caller.ts';
import type { RunViews } from './run-views.ts';

/** The latest run of a stored recipe that a caller may see, and what came of it. Scores are fractions. */
export async function lastRunOf(
  services: ApiServices,
  { recipe, principal, views }: { recipe: string; principal: Principal; views: RunViews },
) {
  const { runs } = await listRunsOfCaller(services, views, {
    principal,
    limit: 1,
    cursor: undefined,
    filter: { recipe },
  });
  const [run] = runs;
  if (run === undefined) return undefined;
  const { id, state, updatedAt, published, score, bestParent } = run;
  if (state !== 'done') return { id, state, updatedAt };
  const { recipe: executed } = await readRunSpec({ store: services.store, runId: id });
  const { hub, others = {} } = executed.publish ?? {};
  const publishes = hub !== undefined || Object.keys(others).length > 0;
  return {
    ...{ id, state, updatedAt },
    ...(publishes ? { published: published === true } : {}),
    ...(score === undefined ? {} : { score }),
    ...(bestParent === undefined ? {} : { bestParent }),
  };
}
