import { getJson, toJson } from '@hubfuse/objects';
import { type ObjectStore, RunError } from '@hubfuse/plugin';
import { TaskBoard } from './children/task-board.ts';
import { readEvents } from './event-log.ts';
import { executePhases } from './execute-phases.ts';
import type { ExecutionOptions } from './execution.ts';
import { runKeys } from './keys.ts';
import type { Phase, PhaseName } from './phase.ts';
import assemble, { type AssembleOutput } from './phases/assemble.ts';
import evaluate, { type EvaluateOutput } from './phases/evaluate.ts';
import fetch from './phases/fetch.ts';
import gate, { type GateOutput } from './phases/gate.ts';
import gather from './phases/gather.ts';
import merge from './phases/merge.ts';
import publish, { type PublishOutput } from './phases/publish.ts';
import resolve from './phases/resolve.ts';
import search, { type SearchOutput } from './phases/search.ts';
import type { RunReport } from './report.ts';
import type { RunSpec, RunState } from './run.ts';
import { storedPlan } from './stored-plan.ts';

const phases: readonly Phase[] = [resolve, fetch, gather, search, merge, evaluate, gate, assemble, publish];

/**
 * Executes a run to its end and returns its report: pins, downloads, merges, scores, decides, assembles the folder and
 * publishes, as its recipe says. A run that was killed, failed or was stopped continues where it was; one that is done
 * is left as it is. A gate that is not met ends in a report with `published` empty, which is no error.
 * @throws HubfuseError of whatever went wrong, after it was stored; RunError `run/cancelled` where it was stopped,
 * `run/already-running` where another process executes it.
 */
export async function executeRun(options: ExecutionOptions): Promise<RunReport> {
  const { store, runId } = options;
  await executePhases(options, phases, async (state, spec, own) => {
    const report = await makeReport(options, state, spec);
    await own.put(runKeys(runId).report, toJson(report));
    if (options.children !== undefined) await new TaskBoard({ store: own, runId }).clear();
    return { published: report.published.length > 0 };
  });
  const found = await getJson<RunReport>(store, runKeys(runId).report);
  if (found !== undefined) return found.value;
  throw new RunError({
    code: 'run/no-report',
    message: `the run "${runId}" is done and its report is gone from ${store.url}`,
    hint: 'start a fresh run',
  });
}

async function makeReport({ store }: ExecutionOptions, state: RunState, spec: RunSpec): Promise<RunReport> {
  const plan = await storedPlan(store, spec.id);
  const output = <T>(name: PhaseName): T | undefined =>
    state.phases.find((phase) => phase.name === name)?.output as T | undefined;
  const assembled = output<AssembleOutput>('assemble');
  const scores = output<EvaluateOutput>('evaluate')?.table;
  const found = output<SearchOutput>('search')?.summary;
  const decision = output<GateOutput>('gate')?.gate;
  return {
    run: spec.id,
    name: spec.name,
    method: plan.recipe.method,
    folder: assembled?.folder ?? '',
    files: assembled?.manifest.outputs ?? [],
    ...(found === undefined ? {} : { search: found }),
    ...(scores === undefined ? {} : { scores }),
    ...(decision === undefined ? {} : { gate: decision }),
    published: output<PublishOutput>('publish')?.published ?? [],
    ...(state.cost === undefined ? {} : { cost: state.cost }),
    warnings: await warningsOf(store, spec.id),
  };
}

/** Every warning of a run once, in order: those of the plan and those met on the way. */
async function warningsOf(store: ObjectStore, runId: string): Promise<string[]> {
  const messages = new Set<string>();
  for await (const event of readEvents({ store, runId })) if (event.type === 'warning') messages.add(event.message);
  return [...messages];
}
