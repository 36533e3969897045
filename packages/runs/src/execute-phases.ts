import { setTimeout as wait } from 'node:timers/promises';
import { type ObjectStore, RunError } from '@hubfuse/plugin';
import { hearCancellation } from './cancel-run.ts';
import type { ExecutionOptions } from './execution.ts';
import type { Phase } from './phase.ts';
import { readSpec } from './read-run.ts';
import { requireWaiting } from './require-waiting.ts';
import type { RunSpec, RunState } from './run.ts';
import { RunExecution } from './run-execution.ts';
import { readState } from './state-cell.ts';

/** Milliseconds for which an execution waits for what an earlier one in this process has not let go of. */
const LEFT_OVER_MS = 60_000;

/** Makes the report of a run whose phases are done, before it is called done. */
export type Finish = (state: RunState, spec: RunSpec, store: ObjectStore) => Promise<{ published: boolean }>;

/** Phases that did not stop in time when their run did, by store and run. */
const leftOver = new Map<string, Promise<unknown>>();

/**
 * Executes the phases of a run that are not done, in order, and keeps state and events. A run that is done already is
 * left as it is.
 * @throws what a phase throws, after it was stored; RunError `run/cancelled` where the run was stopped.
 */
export async function executePhases(
  options: ExecutionOptions,
  phases: readonly Phase[],
  finish: Finish,
): Promise<RunState> {
  const { store, runId } = options;
  const spec = await readSpec(store, runId);
  const before = (await readState(store, runId)).state;
  if (before.status === 'done') return before;
  await hearCancellation({ store, runId });
  if (options.continueEnded === false) requireWaiting(before);
  const place = `${store.url} ${runId}`;
  await requireLetGo(place, runId);
  const execution = await RunExecution.begin(options, spec);
  try {
    const state = await execution.work(phases);
    await execution.finish(await finish(state, spec, execution.store));
    return execution.state;
  } catch (error) {
    throw await execution.fail(error);
  } finally {
    const left = execution.end();
    if (left !== undefined) {
      leftOver.set(place, left);
      void left.finally(() => leftOver.delete(place));
    }
  }
}

/**
 * Resolves when nothing is at work any more of runs that were stopped in this process, and after `mostMs` at the latest. To be
 * awaited before the process ends: in the middle of native code it would be aborted, whatever its exit code was to be.
 */
export async function comeToRest(mostMs: number): Promise<void> {
  if (leftOver.size === 0) return;
  const rested = new AbortController();
  const late = wait(mostMs, undefined, { signal: rested.signal }).catch(() => undefined);
  await Promise.race([Promise.all(leftOver.values()), late]);
  rested.abort();
}

/** Two executions of a run in one process would write the same files. */
async function requireLetGo(place: string, runId: string): Promise<void> {
  const left = leftOver.get(place);
  if (left === undefined) return;
  const stopped = new AbortController();
  const late = await Promise.race([
    left.then(() => false),
    wait(LEFT_OVER_MS, true, { signal: stopped.signal }).catch(() => false),
  ]);
  stopped.abort();
  if (!late) return;
  throw new RunError({
    code: 'run/still-stopping',
    message: `the run "${runId}" was stopped in this process, and what it was doing has not come to its end yet`,
    hint: 'start it again in a minute: it continues where it was',
  });
}
