import type { Job, Launcher, SubmittedJob } from '@hubfuse/plugin';
import { cancelRun } from '../cancel-run.ts';
import { readEvents } from '../event-log.ts';
import { executeRun } from '../execute-run.ts';
import type { ExecutionOptions } from '../execution.ts';
import { readState } from '../state-cell.ts';
import { describeState } from '../worker-process/describe-state.ts';

/** This process. Its jobs are named by the run alone, so that another process of this machine can ask after them. */
const inProcess: Launcher = {
  kind: 'launcher',
  name: 'in-process',
  description: 'in this process',

  async submit({ run, execution }: Job & { execution: ExecutionOptions }) {
    const ended = executeRun({ ...execution, runId: run }).then(() => undefined);
    // Whoever submits may look at `ended` later than it is rejected.
    ended.catch(() => undefined);
    return { handle: run, ended };
  },

  async describe({ store, run }: SubmittedJob) {
    const { state } = await readState(store, run);
    return describeState(state);
  },

  async cancel({ store, run }: SubmittedJob) {
    await cancelRun({ store, runId: run });
  },

  async *logs({ store, run }: SubmittedJob) {
    for await (const event of readEvents({ store, runId: run })) yield JSON.stringify(event);
  },
};

export default inProcess;
