import { freeBytes } from '@hubfuse/hub';
import { divideMemory } from '@hubfuse/merge';
import { ResourceError } from '@hubfuse/plugin';
import type { RunPlan } from '@hubfuse/runs';
import { type PlanMemory, planMemory } from './plan-memory.ts';
import { formatBytes } from './units.ts';

/** What a plan needs of this machine, beside what is there. */
export interface PlanSpace {
  memory: PlanMemory;
  /** Upper bounds: what the cache holds already is counted as if it had to come. */
  disk: readonly { purpose: 'download' | 'output'; folder: string; bytes: number; freeBytes: number }[];
}

/** @throws ResourceError where the memory granted is too little for one worker */
export async function findSpace(
  plan: RunPlan,
  options: {
    places: { cache: string; output: string };
    workers: number | undefined;
    memory: number | undefined;
  },
): Promise<PlanSpace> {
  const { places, workers, memory } = options;
  const division = divideMemory({ plan: plan.merge, workers, memory });
  return {
    memory: planMemory(division, plan, memory),
    disk: [
      {
        purpose: 'download',
        folder: places.cache,
        bytes: plan.bytes.download,
        freeBytes: await freeBytes(places.cache),
      },
      { purpose: 'output', folder: places.output, bytes: plan.bytes.output, freeBytes: await freeBytes(places.output) },
    ],
  };
}

/** @throws ResourceError where the disk is too small */
export function requireSpace({ disk }: PlanSpace): void {
  const short = disk.find(({ bytes, freeBytes: free }) => bytes > free);
  if (short === undefined) return;
  const { purpose, folder, bytes, freeBytes: free } = short;
  throw new ResourceError({
    code: 'plan/disk-full',
    where: folder,
    message: `the ${purpose} may take ${formatBytes(bytes)} and ${formatBytes(free)} are free`,
    hint:
      purpose === 'download'
        ? 'free some space, or point HF_HUB_CACHE at a larger disk'
        : 'free some space, or choose another --out',
  });
}
