import { workerData } from 'node:worker_threads';
import { HandedOver, serveJobs, useKernelModule } from '@hubfuse/tensors';
import type { MergeAssignment } from './merge-assignment.ts';
import { MergeThread } from './merge-thread.ts';
import type { WriteJob } from './tensor-worker.ts';
import type { BlockReference } from './units.ts';

/** What every worker is given at its start. */
export interface MergeWorkerData {
  /** The compiled kernels of the thread that started it. */
  kernels: object;
}

export type MergeJob =
  | { kind: 'assign'; assignment: MergeAssignment }
  | { kind: 'close-inputs' }
  | { kind: 'sweep'; sweep: number; state: unknown; blocks: readonly BlockReference[] }
  | ({ kind: 'write' } & WriteJob);

useKernelModule((workerData as MergeWorkerData).kernels);
const thread = new MergeThread();
serveJobs((given) => {
  const job = given as MergeJob;
  switch (job.kind) {
    case 'assign':
      return thread.assign(job.assignment);
    case 'close-inputs':
      return thread.closeInputs();
    case 'sweep': {
      const { partial, buffers } = thread.worker.sweep(job);
      return new HandedOver(partial, buffers);
    }
    case 'write':
      return thread.worker.writeUnit(job);
  }
});
