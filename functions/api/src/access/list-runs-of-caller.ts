import type { z } from '@hono/zod-openapi';
import { listRunPage, type RunFilter, type RunSummary } from '@hubfuse/runs';
import type { Principal } from '../http/principal.ts';
import type { RunPageSchema, RunSummarySchema } from '../schemas/run.ts';
import type { ApiServices } from '../services.ts';
import type { RunViews } from './run-views.ts';

/** Pages that one answer looks through for runs that the caller may see; the next answer goes on behind them. */
const MOST_PAGES = 5;

/** A page of the runs that a caller may see, the latest first. It may be short, even empty, and have a next one. */
export async function listRunsOfCaller(
  { store }: ApiServices,
  views: RunViews,
  options: { principal: Principal; limit: number; cursor: string | undefined; filter: RunFilter },
): Promise<z.infer<typeof RunPageSchema>> {
  const { principal, limit, filter } = options;
  const items: z.infer<typeof RunSummarySchema>[] = [];
  let { cursor } = options;
  for (let page = 0; page < MOST_PAGES; page++) {
    // No more than there is room for, so that the cursor of the store stands behind what was shown.
    const { runs, next } = await listRunPage({ store, limit: limit - items.length, cursor, filter });
    const seen = await Promise.all(runs.map((run) => views.maySee(run, principal)));
    items.push(...runs.filter((_, index) => seen[index] === true).map(summaryView));
    cursor = next;
    if (cursor === undefined || items.length === limit) break;
  }
  return { items, ...(cursor === undefined ? {} : { next: cursor }) };
}

function summaryView({ status: _, models, ...summary }: RunSummary): z.infer<typeof RunSummarySchema> {
  return { ...summary, models: [...models] };
}
