import type { Genealogy, MergePlan } from '@hubfuse/merge';
import { getJson } from '@hubfuse/objects';
import { type ObjectStore, RunError } from '@hubfuse/plugin';
import { runKeys } from '../keys.ts';
import type { SearchSummary } from './search-summary.ts';

/** What a search found: all that the merge needs to build it. Stored with the run. Plain data. */
export interface FoundSearch {
  /** How the models evolved. */
  genealogy?: Genealogy;
  /** The plan with the coefficients found, where such were searched. */
  merge?: MergePlan;
  summary: SearchSummary;
}

/** What the search of a run found. @throws RunError `run/no-search`. */
export async function foundSearch(store: ObjectStore, runId: string): Promise<FoundSearch> {
  const found = await getJson<FoundSearch>(store, runKeys(runId).search.found);
  if (found !== undefined) return found.value;
  throw new RunError({
    code: 'run/no-search',
    message: `the search of the run "${runId}" is done and what it found is gone from ${store.url}`,
    hint: 'start a fresh run',
  });
}
