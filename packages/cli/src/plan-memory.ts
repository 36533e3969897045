import type { RunPlan } from '@hubfuse/runs';

/** Memory of a run: the largest of its phases, and what merging and gathering statistics take of it. */
export interface PlanMemory {
  /** Threads that merge. */
  workers: number;
  peakBytes: number;
  mergeBytes: number;
  /** Absent where no statistics are gathered. */
  gatherBytes?: number;
}

/** @param memory Bytes that are granted, which what runs side by side shares. */
export function planMemory(
  merging: { workers: number; peakBytes: number },
  { statistics = [] }: Pick<RunPlan, 'statistics'>,
  memory = Number.POSITIVE_INFINITY,
): PlanMemory {
  const { workers, peakBytes: mergeBytes } = merging;
  const before = statistics.flatMap(({ gather }) => gather?.memoryBytes ?? []);
  const during = statistics.flatMap(({ refresh }) => refresh?.memoryBytes ?? []);
  // While evolution gathers anew, its search keeps a merge open.
  const searchBytes = during.length === 0 ? 0 : Math.min(memory, mergeBytes + Math.max(...during));
  const peakBytes = Math.max(mergeBytes, searchBytes, ...before);
  if (before.length + during.length === 0) return { workers, peakBytes, mergeBytes };
  return { workers, peakBytes, mergeBytes, gatherBytes: Math.max(...before, ...during) };
}
