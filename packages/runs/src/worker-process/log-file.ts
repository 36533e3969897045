import { join } from 'node:path';

/** Where a worker of a run writes what it says, below a workspace. @param child its number, where it is one of several */
export function logFile(workspace: string, runId: string, child?: number): string {
  return join(workspace, 'logs', child === undefined ? `${runId}.log` : `${runId}.${child}.log`);
}
