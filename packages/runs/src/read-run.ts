import { getJson, listAll } from '@hubfuse/objects';
import type { ObjectStore } from '@hubfuse/plugin';
import { SPEC_FORMAT } from './formats.ts';
import { RUNS, runKeys } from './keys.ts';
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
  const found = await getJson<RunSpec>(store, runKeys(runId).spec, SPEC_FORMAT);
  if (found === undefined) throw unknownRun(store, runId);
  return found.value;
}

/** Every run of a store, the latest first. */
export async function listRuns(options: { store: ObjectStore }): Promise<RunSummary[]> {
  const { store } = options;
  const summaries: RunSummary[] = [];
  for await (const key of listAll(store, RUNS)) {
    const id = /^runs\/([^/]+)\/state\.json$/.exec(key)?.[1];
    if (id === undefined) continue;
    const [spec, { state }] = await Promise.all([readSpec(store, id), readState(store, id)]);
    const phase = state.phases.find(({ status }) => status !== 'done')?.name;
    summaries.push({
      id,
      name: spec.name,
      status: state.status,
      ...(phase === undefined ? {} : { phase }),
      createdAt: spec.createdAt,
      updatedAt: state.updatedAt,
    });
  }
  return summaries.sort((a, b) => (a.createdAt < b.createdAt ? 1 : a.createdAt > b.createdAt ? -1 : 0));
}
