import { ResourceError } from '@hubfuse/plugin';
import { defaultWorkers, LARGE } from '@hubfuse/tensors';
import type { MergePlan } from '../plan/merge-plan.ts';
import { BLOCK_ELEMENTS, RUN_BLOCKS } from './units.ts';

const DEFAULT_MEMORY = 1 << 30;
/** What Node and the module graph take in the main thread and in each worker, in bytes (measured). */
const MAIN_BYTES = 110 << 20;
const WORKER_BYTES = 40 << 20;
/** What onnxruntime takes where it multiplies the matrices of large layers, once, in bytes (measured). */
const RUNTIME_BYTES = 64 << 20;
/** Share of the spare memory that notes may take: what is found passes through it, too. */
const NOTES_SHARE = 0.8;
/** A worker's kernels see 4 GiB at most, in which all else has its place, too. */
const MAXIMUM_NOTE_BYTES = 2 * 2 ** 30;
/** Kept rows beyond this bring nothing: larger tensors are read again for each sweep. */
const MAXIMUM_RESIDENT_BYTES = 256 << 20;
const FLOAT32_BYTES = 4;

export interface MemoryDivision {
  /** Worker threads that fit. */
  workers: number;
  /** Bytes that each may keep of a tensor. */
  residentBytes: number;
  /** Bytes for what each leaves of blocks between the sweeps of a merge and its writing. */
  noteBytes: number;
  /** Bytes that are left to each, of which those are a part. */
  spareBytes: number;
  /** The most that the whole process is expected to take. */
  peakBytes: number;
}

/** The least that merging by so many threads takes, this process included, in bytes. */
export function leastMemory(plan: MergePlan, workers: number): number {
  return mainBytes(plan) + workers * workerBytes(plan);
}

function mainBytes(plan: MergePlan): number {
  const multiplies = plan.tensors.some(({ linear }) => linear !== undefined && linear.inputs >= LARGE);
  return MAIN_BYTES + (multiplies ? RUNTIME_BYTES : 0);
}

function workerBytes(plan: MergePlan): number {
  const linear = Math.max(0, ...plan.tensors.map((tensor) => tensor.linear?.workspace ?? 0));
  const rows = 6 * plan.models + plan.statistics.length + 20;
  return WORKER_BYTES + rows * BLOCK_ELEMENTS * FLOAT32_BYTES + linear;
}

/**
 * How many workers fit into the memory that the user grants, and what each may keep of a tensor.
 * @param options.workers absent: as many as cores, and no more than there is work for
 * @throws ResourceError `merge/memory-too-small` where not even one fits
 */
export function divideMemory(options: {
  plan: MergePlan;
  workers?: number | undefined;
  memory?: number | undefined;
}): MemoryDivision {
  const { plan, workers, memory } = options;
  const granted = (memory ?? DEFAULT_MEMORY) - mainBytes(plan);
  const perWorker = workerBytes(plan);
  if (granted < perWorker) {
    throw new ResourceError({
      code: 'merge/memory-too-small',
      message: `a merge of ${plan.models} models needs ${Math.ceil((mainBytes(plan) + perWorker) / 1e6)} MB`,
      where: '--memory',
      hint: 'grant more memory',
    });
  }
  const count = Math.max(1, Math.min(workers ?? usefulWorkers(plan), Math.floor(granted / perWorker)));
  const spareBytes = Math.max(0, Math.floor(granted / count) - perWorker);
  const residentBytes = Math.min(MAXIMUM_RESIDENT_BYTES, spareBytes);
  const longest = Math.max(0, ...plan.tensors.map(({ length }) => length));
  const kept = Math.min(residentBytes, (plan.models + plan.statistics.length + 1) * longest * FLOAT32_BYTES);
  const noteBytes = roomForNotes(plan, { workers: count, spareBytes });
  const peakBytes = mainBytes(plan) + count * (perWorker + Math.max(kept, noteBytes));
  return { workers: count, residentBytes, noteBytes, spareBytes, peakBytes };
}

/** As many as there are cores, but none that would find nothing to do: starting one takes longer than a small merge. */
function usefulWorkers({ tensors, totals }: MergePlan): number {
  const layers = tensors.filter(({ linear }) => linear !== undefined).length;
  const runs = Math.ceil(totals.parameters / (BLOCK_ELEMENTS * RUN_BLOCKS));
  return Math.max(1, Math.min(defaultWorkers(), layers + runs));
}

/** Usual ratios need less than half of the most that may be noted; where not even that fits, little is won. */
function roomForNotes({ totals }: MergePlan, { workers, spareBytes }: { workers: number; spareBytes: number }): number {
  const { noteBytes: most = 0 } = totals;
  const room = Math.min(MAXIMUM_NOTE_BYTES, Math.floor(NOTES_SHARE * spareBytes));
  return most / 2 <= workers * room ? Math.min(most, room) : 0;
}
