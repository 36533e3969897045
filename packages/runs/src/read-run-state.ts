import type { ObjectStore } from '@hubfuse/plugin';
import { readSpec } from './read-run.ts';
import type { RunSpec, RunState } from './run.ts';
import { readState } from './state-cell.ts';

/** Where a run stands, without its plan and report. @throws RunError `run/unknown`. */
export async function readRunState(options: { store: ObjectStore; runId: string }): Promise<RunState> {
  return (await readState(options.store, options.runId)).state;
}

/** What a run was asked for, and by whom. @throws RunError `run/unknown`. */
export function readRunSpec(options: { store: ObjectStore; runId: string }): Promise<RunSpec> {
  return readSpec(options.store, options.runId);
}
