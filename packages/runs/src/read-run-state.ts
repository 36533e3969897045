import type { ObjectStore } from '@hubfuse/plugin';
import type { RunState } from './run.ts';
import { readState } from './state-cell.ts';

/** Where a run stands, without its plan and report. @throws RunError `run/unknown`. */
export async function readRunState(options: { store: ObjectStore; runId: string }): Promise<RunState> {
  return (await readState(options.store, options.runId)).state;
}
