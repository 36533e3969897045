import type { JobDescription } from '@hubfuse/plugin';
import { isAlive } from '../owner.ts';
import type { RunState } from '../run.ts';

/** What a state says of the job that executes its run. */
export function describeState({ status, owner, error }: RunState): JobDescription {
  if (status === 'queued') return { status: 'pending' };
  if (status === 'running' && (owner === undefined || !isAlive(owner))) {
    return { status: 'failed', reason: 'the process that executed it is gone; start it again to continue' };
  }
  return { status, ...(error === undefined ? {} : { reason: error.message }) };
}
