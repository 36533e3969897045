import { listRuns, readRunSpec, readRunState, stateOf } from '@hubfuse/runs';
import { mayLook, readAccess } from '@hubfuse/service';
import type { Principal } from '../http/principal.ts';
import type { ApiServices } from '../services.ts';

/** A page of the runs that a caller may see. */
export async function listRunsOfCaller(
  { store }: ApiServices,
  options: {
    principal: Principal;
    limit: number;
    cursor: string | undefined;
    filter: { state?: string | undefined; recipe?: string | undefined; model?: string | undefined };
  },
) {
  const { principal, limit, cursor, filter } = options;
  const items = [];
  let skipping = cursor !== undefined;
  for (const { id, name, createdAt, updatedAt } of await listRuns({ store })) {
    if (skipping) {
      skipping = id !== cursor;
      continue;
    }
    const [spec, state, access] = await Promise.all([
      readRunSpec({ store, runId: id }),
      readRunState({ store, runId: id }),
      readAccess(store, id),
    ]);
    const word = stateOf(state);
    const models = spec.recipe.models.map(({ text }) => text);
    if (!mayLook(access, principal.key)) continue;
    if (filter.state !== undefined && filter.state !== word) continue;
    if (filter.recipe !== undefined && filter.recipe !== spec.origin.recipe?.name) continue;
    if (filter.model !== undefined && !models.includes(filter.model)) continue;
    if (items.length === limit) return { items, next: items.at(-1)?.id ?? '' };
    items.push({
      id,
      name,
      state: word,
      createdAt,
      updatedAt,
      ...(spec.origin.recipe === undefined ? {} : { recipe: spec.origin.recipe.name }),
      models,
    });
  }
  return { items };
}
