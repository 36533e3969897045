import type { GatheringLimits } from '@hubfuse/statistics';

/** Memory of gathering while a search is open: one half of what the run has. The search has the other one. */
export function refreshLimits({ memory, workers }: GatheringLimits): GatheringLimits {
  return { workers, memory: memory === undefined ? undefined : Math.floor(memory / 2) };
}
