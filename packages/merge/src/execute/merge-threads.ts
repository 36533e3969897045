import type { Registry } from '@hubfuse/plugin';
import { disableTelemetry, WorkerPool } from '@hubfuse/tensors';
import type { MergeWorkerData } from './merge-worker.ts';

/** Worker threads that take parts of one merge after the other; each must be assigned a merge first. */
export function openMergeThreads(options: {
  registry: Registry;
  workers: number;
  /** Whether a merge that fails leaves the threads to the next one. Default false. */
  outlivesFailures?: boolean | undefined;
  signal?: AbortSignal | undefined;
}): WorkerPool {
  disableTelemetry();
  const { registry, ...rest } = options;
  const data: MergeWorkerData = { modules: registry.modules };
  return new WorkerPool({ module: new URL('./merge-worker.js', import.meta.url), data, ...rest });
}
