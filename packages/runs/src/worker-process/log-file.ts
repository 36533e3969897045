import { join } from 'node:path';

/** Where the worker of a run writes what it says, below a workspace. */
export function logFile(workspace: string, runId: string): string {
  return join(workspace, 'logs', `${runId}.log`);
}
