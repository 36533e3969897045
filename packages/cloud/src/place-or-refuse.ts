import { type Job, ResourceError } from '@hubfuse/plugin';
import { refuseRun } from '@hubfuse/runs';

/**
 * What `place` finds for a run. Where no machine fits, the run ends with that error, since none will later on either; then undefined.
 */
export async function placeOrRefuse<T>({ run, store }: Pick<Job, 'run' | 'store'>, place: () => T | Promise<T>) {
  try {
    return await place();
  } catch (error) {
    if (!(error instanceof ResourceError)) throw error;
    await refuseRun({ store, runId: run, error });
    return undefined;
  }
}
