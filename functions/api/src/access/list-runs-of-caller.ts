import type { z } from '@hono/zod-openapi';
import { listRunPage, type RunFilter, type RunSummary } from '@hubfuse/runs';
import type { Principal } from '../http/principal.ts';
import type { RunSummarySchema } from '../schemas/run.ts';
import type { ApiServices } from '../services.ts';
import type { RunViews } from './run-views.ts';

/** Pages that one answer looks through for runs that the caller may see; the next answer goes on behind them. */
const MOST_PAGES = 5;

/** A page of the runs that a caller may see, the latest first. It may be short, even empty, and have a next one. */
export async function listRunsOfCaller(
  { store }: ApiServices,
  views: RunViews,
  options: { principal: Principal; limit: number; cursor: string | undefined; filter: RunFilter },
): Promise<{ runs: RunSummary[]; next?: string }> {
  const { principal, limit, filter } = options;
  const shown: RunSummary[] = [];
  let { cursor } = options;
  for (let page = 0; page < MOST_PAGES; page++) {
    // No more than there is room for, so that the cursor of the store stands behind what was shown.
    const { runs, next } = await listRunPage({ store, limit: limit - shown.length, cursor, filter });
    const seen = await Promise.all(runs.map((run) => views.maySee(run, principal)));
    shown.push(...runs.filter((_, index) => seen[index] === true));
    cursor = next;
    if (cursor === undefined || shown.length === limit) break;
  }
  return { runs: shown, ...(cursor === undefined ? {} : { next: cursor }) };
}

/** Texts of runs in lists: one that did not change is the same object. */
const texts = new WeakMap<RunSummary, string>();

/** The JSON of a page. */
export function runPageText({ runs, next }: { runs: readonly RunSummary[]; next?: string }): string {
  const items = runs.map((run) => {
    const text = texts.get(run) ?? JSON.stringify(summaryView(run));
    texts.set(run, text);
    return text;
  });
  return `{"items":[${items.join(',')}]${next === undefined ? '' : `,"next":${JSON.stringify(next)}`}}`;
}

function summaryView({ status: _, models, ...summary }: RunSummary): z.infer<typeof RunSummarySchema> {
  return { ...summary, models: [...models] };
}
