import { type Launcher, RunError, reviveError } from '@hubfuse/plugin';
import type { ExecutionOptions } from './execution.ts';
import { readRun } from './read-run.ts';
import type { RunReport } from './report.ts';

const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Has a launcher execute a run and waits for its end. The report is read from the store, wherever it was made.
 * @throws what the run failed with; RunError `run/not-done` where the launcher says that it ended and it did not.
 */
export async function launchRun(options: ExecutionOptions & { launcher: Launcher }): Promise<RunReport> {
  const { launcher, ...execution } = options;
  const { store, runId } = execution;
  const { handle, ended } = await launcher.submit({ run: runId, store, execution });
  // A process that goes on when this one ends does not keep it; whoever waits for its end must.
  const hold = setInterval(() => undefined, LONGEST_TIMER_MS);
  try {
    await ended;
  } finally {
    clearInterval(hold);
  }
  const { state, report } = await readRun({ store, runId });
  if (report !== undefined && state.status === 'done') return report;
  if (state.error !== undefined) throw reviveError(state.error);
  throw new RunError({
    code: 'run/not-done',
    message: `the ${launcher.name} job "${handle}" has ended, and the run "${runId}" is ${state.status}`,
    hint: 'start it again: it continues where it was',
  });
}
