import { PluginError, type Registry } from '@hubfuse/plugin';
import { disableTelemetry, kernelModule, WorkerPool } from '@hubfuse/tensors';
import type { MergeAssignment } from './merge-assignment.ts';
import type { MergeJob, MergeWorkerData } from './merge-worker.ts';

/** Worker threads that take parts of one merge after the other; each must be assigned a merge first. */
export function openMergeThreads(options: {
  workers: number;
  /** Whether a merge that fails leaves the threads to the next one. Default false. */
  outlivesFailures?: boolean | undefined;
  signal?: AbortSignal | undefined;
}): WorkerPool {
  disableTelemetry();
  const data: MergeWorkerData = { kernels: kernelModule() };
  return new WorkerPool({ module: new URL('./merge-worker.js', import.meta.url), data, ...options });
}

/**
 * Hands a merge to all threads, which import its method and nothing else of what the registry knows.
 * @throws PluginError where the method came with no module
 */
export async function assignMerge(
  pool: WorkerPool,
  options: { registry: Registry; assignment: Omit<MergeAssignment, 'module'> },
): Promise<void> {
  const { registry, assignment } = options;
  const { method } = assignment.plan;
  const module = registry.moduleOf(registry.get('method', method));
  if (module === undefined) {
    throw new PluginError({
      code: 'plugin/no-module',
      message: `the method "${method}" was registered without a module, so worker threads cannot know it`,
      hint: 'register it with Registry.load',
    });
  }
  await pool.runInAll({ kind: 'assign', assignment: { ...assignment, module } } satisfies MergeJob);
}
