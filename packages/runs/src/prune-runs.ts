import { HubfuseError, type ObjectStore } from '@hubfuse/plugin';
import { deleteRun } from './delete-run.ts';
import { listRunPage } from './list-run-page.ts';
import type { RunSummary } from './run.ts';
import { dropEmptyPages } from './run-index/drop-empty-pages.ts';
import { isActive } from './state-word.ts';

/** Ends of a run's retention that others may bring about first. */
const GONE = new Set(['run/unknown', 'run/active']);

/**
 * Deletes runs that have ended, by age and by number: what either says goes. Runs that wait or are being executed stay.
 * @returns the ids of those that were deleted
 */
export async function pruneRuns(options: {
  store: ObjectStore;
  /** As for `deleteRun`. */
  workspace?: string | undefined;
  /** Milliseconds since its end after which a run goes. */
  olderThanMs?: number | undefined;
  /** Of the runs that have ended so many stay, the latest. */
  keep?: number | undefined;
  signal?: AbortSignal | undefined;
}): Promise<string[]> {
  const { store, workspace, olderThanMs, keep, signal } = options;
  if (olderThanMs === undefined && keep === undefined) return [];
  const ended = (await allRuns(store)).filter(({ status }) => !isActive(status));
  const isOld = ({ updatedAt }: RunSummary): boolean =>
    olderThanMs !== undefined && Date.now() - Date.parse(updatedAt) > olderThanMs;
  const deleted: string[] = [];
  for (const [place, run] of ended.entries()) {
    if (!isOld(run) && (keep === undefined || place < keep)) continue;
    signal?.throwIfAborted();
    try {
      await deleteRun({ store, runId: run.id, workspace });
      deleted.push(run.id);
    } catch (error) {
      // Somebody else deleted it, or wants it again.
      if (!(error instanceof HubfuseError) || !GONE.has(error.code)) throw error;
    }
  }
  if (deleted.length > 0) await dropEmptyPages(store);
  return deleted;
}

/** Every run of a store, the latest first. */
export async function allRuns(store: ObjectStore): Promise<RunSummary[]> {
  const runs: RunSummary[] = [];
  let cursor: string | undefined;
  do {
    const page = await listRunPage({ store, limit: 1000, cursor });
    runs.push(...page.runs);
    cursor = page.next;
  } while (cursor !== undefined);
  return runs;
}
