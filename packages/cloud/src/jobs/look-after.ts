import type { ObjectStore } from '@hubfuse/plugin';
import { isActive, readRunState } from '@hubfuse/runs';
import { requireDone } from '../outcome-of-run.ts';
import { untilEnded } from '../until-ended.ts';
import { callOff, type JobArray, type RunLife, reasonOf } from './job-array.ts';
import { isAlive, type JobsAccess } from './jobs-access.ts';

/**
 * Waits for the end of a run, and has lost machines of its jobs followed by others meanwhile. What then still waits for a machine is
 * called off.
 * @throws what the run failed with; RunError `run/not-done` where all its jobs have ended and it has not
 */
export async function lookAfter(options: {
  array: JobArray;
  access: Pick<JobsAccess, 'cancel'>;
  store: ObjectStore;
  life: RunLife;
}): Promise<void> {
  const { array, store, life } = options;
  const reason = await untilEnded(() => look(options));
  await requireDone({ store, runId: life.run, job: array.id, reason });
}

/** @returns why nothing is left to look after; undefined while there is */
async function look(options: Parameters<typeof lookAfter>[0]): Promise<string | undefined> {
  const { array, access, store, life } = options;
  // In this order: a job that failed with its run must not look like one whose machine is lost.
  const jobs = await array.look();
  const { status, generation = 1 } = await readRunState({ store, runId: life.run });
  if (!isActive(status) || generation !== life.generation) {
    await callOff(access, jobs);
    return 'the run went on without it';
  }
  const all = await array.complete(jobs);
  return all.some(isAlive) ? undefined : reasonOf(all);
}
