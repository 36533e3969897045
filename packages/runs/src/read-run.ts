import { getJson } from '@hubfuse/objects';
import type { ObjectStore } from '@hubfuse/plugin';
import { runKeys } from './keys.ts';
import { allRuns } from './prune-runs.ts';
import { readStoredSpec } from './read-stored.ts';
import type { RunReport } from './report.ts';
import type { RunSpec, RunState, RunSummary } from './run.ts';
import type { RunPlan } from './run-plan.ts';
import { readState, unknownRun } from './state-cell.ts';

/** All that is known about a run. */
export interface RunRecord {
  spec: RunSpec;
  state: RunState;
  /** Once it is resolved. */
  plan?: RunPlan;
  /** Once it is done. */
  report?: RunReport;
}

/** @throws RunError `run/unknown`. */
export async function readRun(options: { store: ObjectStore; runId: string }): Promise<RunRecord> {
  const { store, runId } = options;
  const keys = runKeys(runId);
  const [spec, { state }, plan, report] = await Promise.all([
    readSpec(store, runId),
    readState(store, runId),
    getJson<RunPlan>(store, keys.plan),
    getJson<RunReport>(store, keys.report),
  ]);
  return {
    spec,
    state,
    ...(plan === undefined ? {} : { plan: plan.value }),
    ...(report === undefined ? {} : { report: report.value }),
  };
}

export async function readSpec(store: ObjectStore, runId: string): Promise<RunSpec> {
  const spec = await readStoredSpec(store, runId);
  if (spec === undefined) throw unknownRun(store, runId);
  return spec;
}

/** Every run of a store, the latest first. */
export async function listRuns({ store }: { store: ObjectStore }): Promise<RunSummary[]> {
  return await allRuns(store);
}
