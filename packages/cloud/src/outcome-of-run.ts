import { type JobDescription, type ObjectStore, RunError, reviveError } from '@hubfuse/plugin';
import { readRun } from '@hubfuse/runs';
import { lazily } from './lazily.ts';

/** What the store says of a run that has ended; undefined while it goes on. The store is the truth, whatever a queue says. */
export async function endOfRun(store: ObjectStore, runId: string): Promise<JobDescription | undefined> {
  const { state } = await readRun({ store, runId });
  const { status, error } = state;
  if (status !== 'done' && status !== 'failed' && status !== 'cancelled') return undefined;
  return { status, ...(error === undefined ? {} : { reason: error.message }) };
}

/** Returns where a run is done. @throws what it failed with; RunError `run/not-done` where its job ended and it did not */
export async function requireDone(options: {
  store: ObjectStore;
  runId: string;
  /** What the job is called, and why its queue says that it ended. */
  job: string;
  reason: string;
}): Promise<void> {
  const { store, runId, job, reason } = options;
  const { state } = await readRun({ store, runId });
  if (state.status === 'done') return;
  if (state.error !== undefined) throw reviveError(state.error);
  if (state.status === 'cancelled') {
    throw new RunError({
      code: 'run/cancelled',
      message: `the run "${runId}" was stopped`,
      hint: 'retry it to continue',
    });
  }
  throw new RunError({
    code: 'run/not-done',
    message: `the job ${job} has ended (${reason}), and the run "${runId}" is ${state.status}`,
    hint: 'start it again: it continues where it was',
  });
}

/** What submitting a run gives that has ended already: no job, and its end. */
export function endedBefore({ run, store }: { run: string; store: ObjectStore }): {
  handle: string;
  ended: Promise<void>;
} {
  const end = () => requireDone({ store, runId: run, job: run, reason: 'before it was submitted' });
  return { handle: run, ended: lazily(end) };
}
