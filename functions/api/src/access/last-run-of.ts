import type { Principal } from '../http/principal.ts';
import type { ApiServices } from '../services.ts';
import { listRunsOfCaller } from './list-runs-of-caller.ts';

/** The latest run of a stored recipe that a caller may see. */
export async function lastRunOf(
  services: ApiServices,
  { recipe, principal }: { recipe: string; principal: Principal },
) {
  const { items } = await listRunsOfCaller(services, { principal, limit: 1, cursor: undefined, filter: { recipe } });
  const [run] = items;
  return run && { id: run.id, state: run.state, updatedAt: run.updatedAt };
}
