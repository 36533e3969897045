import { type ObjectStore, RunError } from '@hubfuse/plugin';
import { EventLog } from './event-log.ts';
import { publishTargets } from './publication/publish-targets.ts';
import { readSpec } from './read-run.ts';
import type { RunState } from './run.ts';
import { changeState } from './state-cell.ts';
import { storedPlan } from './stored-plan.ts';

/**
 * Queues the publication of what a finished run has assembled and its gate kept back: somebody has looked at it and wants it
 * published all the same. Where the folder is no longer there, or on another machine, it is built again.
 * @throws RunError `run/unknown`; `run/not-done`; `run/published`; `run/nothing-to-publish` where its recipe has no target.
 */
export async function publishRun(options: { store: ObjectStore; runId: string }): Promise<RunState> {
  const { store, runId } = options;
  const spec = await readSpec(store, runId);
  const refuse = (code: string, message: string, hint: string): never => {
    throw new RunError({ code, message: `the run "${runId}" ${message}`, hint });
  };
  const check = (state: RunState): void => {
    if (state.status !== 'done') refuse('run/not-done', `is ${state.status}`, 'publish it once it is done');
    if (state.published === true)
      refuse('run/published', 'was published', 'start a fresh run to publish something new');
  };
  check(await changeState(store, runId, (state) => state));
  const { recipe } = await storedPlan(store, runId);
  if (publishTargets(recipe).length === 0) {
    refuse('run/nothing-to-publish', 'has no target', 'name one under `publish` of its recipe and start a fresh run');
  }
  if (spec.options.publish === false) {
    refuse('run/nothing-to-publish', 'was to publish nothing', 'start a fresh run of the recipe');
  }
  const state = await changeState(store, runId, (state) => {
    check(state);
    const { published: _, ...rest } = state;
    const phases = [
      ...state.phases.filter(({ name }) => name !== 'publish'),
      { name: 'publish', status: 'waiting' } as const,
    ];
    return { ...rest, phases, status: 'queued', publishAnyway: true };
  });
  await (await EventLog.open({ store, runId })).append({ type: 'queued', why: 'publish' });
  return state;
}
