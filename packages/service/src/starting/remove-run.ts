import { listAll } from '@hubfuse/objects';
import { deleteRun } from '@hubfuse/runs';
import type { Services } from '../services.ts';
import { serviceKeys } from '../store/keys-of-store.ts';

/**
 * Deletes a run that has ended, with all that the service keeps about it.
 * @throws RunError `run/unknown`, `run/active`
 */
export async function removeRun(
  services: Services,
  { runId, workspace }: { runId: string; workspace?: string | undefined },
): Promise<void> {
  await deleteRun({ store: services.store, runId, workspace });
  await forgetRun(services, runId);
}

/** Removes what the service keeps about a run that is gone. */
export async function forgetRun({ store, secrets }: Services, runId: string): Promise<void> {
  await secrets.wipeAll(runId);
  for await (const key of listAll(store, serviceKeys.attendedOf(runId))) await store.delete(key);
  await store.delete(serviceKeys.lease(`run-${runId}`));
  await store.delete(serviceKeys.accessOf(runId));
  await store.delete(serviceKeys.job(runId));
}
