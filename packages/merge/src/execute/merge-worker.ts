import { workerData } from 'node:worker_threads';
import { serveJobs } from '@hubfuse/tensors';
import type { MergeAssignment } from './merge-assignment.ts';
import { MergeThread } from './merge-thread.ts';
import type { WriteJob } from './tensor-worker.ts';
import type { BlockReference } from './units.ts';

/** What every worker knows from the start. */
export interface MergeWorkerData {
  /** Modules to load, so that the worker knows the same methods. */
  modules: readonly string[];
}

export type MergeJob =
  | { kind: 'assign'; assignment: MergeAssignment }
  | { kind: 'close-inputs' }
  | { kind: 'sweep'; sweep: number; state: unknown; blocks: readonly BlockReference[] }
  | ({ kind: 'write' } & WriteJob);

const ready = MergeThread.start((workerData as MergeWorkerData).modules);
serveJobs(async (given) => {
  const thread = await ready;
  const job = given as MergeJob;
  switch (job.kind) {
    case 'assign':
      return thread.assign(job.assignment);
    case 'close-inputs':
      return thread.closeInputs();
    case 'sweep':
      return thread.worker.sweep(job);
    case 'write':
      return thread.worker.writeUnit(job);
  }
});
