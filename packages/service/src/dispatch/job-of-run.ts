import { getJson, toJson } from '@hubfuse/objects';
import type { ObjectStore } from '@hubfuse/plugin';
import { serviceKeys } from '../store/keys-of-store.ts';

/** The last job that was submitted for a run; it stays when the run has ended. */
export interface JobOfRun {
  /** Name of the launcher. */
  launcher: string;
  /** What the launcher calls it. */
  handle: string;
}

export async function noteJob(store: ObjectStore, run: string, job: JobOfRun): Promise<void> {
  await store.put(serviceKeys.job(run), toJson(job));
}

/** Undefined where no dispatcher submitted the run. */
export async function jobOfRun(store: ObjectStore, run: string): Promise<JobOfRun | undefined> {
  return (await getJson<JobOfRun>(store, serviceKeys.job(run)))?.value;
}
