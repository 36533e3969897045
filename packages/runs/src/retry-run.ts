import { type ObjectStore, RunError } from '@hubfuse/plugin';
import type { RunLimits } from '@hubfuse/recipe';
import { EventLog } from './event-log.ts';
import { runKeys } from './keys.ts';
import { readSpec } from './read-run.ts';
import type { RunState } from './run.ts';
import { changeState } from './state-cell.ts';
import { isActive } from './state-word.ts';

/**
 * Queues a run again under its own id; who asked for it stays. One that failed or was cancelled goes on where it was. One that
 * is done and was not published begins anew: its models are pinned again, merged and scored.
 * @throws RunError `run/unknown`; `run/active` where it has not ended; `run/published` where there is nothing left to do.
 */
export async function retryRun(options: {
  store: ObjectStore;
  runId: string;
  /** Limits that hold from now on in the place of those of the same kind. */
  limits?: RunLimits | undefined;
}): Promise<RunState> {
  const { store, runId, limits } = options;
  const spec = await readSpec(store, runId);
  let anew = false;
  const state = await changeState(store, runId, (state) => {
    if (isActive(state.status)) {
      throw new RunError({
        code: 'run/active',
        message: `the run "${runId}" has not ended`,
        hint: 'wait for it, or cancel it first',
      });
    }
    if (state.status === 'done' && state.published === true) {
      throw new RunError({
        code: 'run/published',
        message: `the run "${runId}" is done and was published`,
        hint: 'start a fresh run of the same recipe',
      });
    }
    anew = state.status === 'done';
    const { error: _, cancellation: __, published: ___, publishAnyway: ____, ...rest } = state;
    return {
      ...rest,
      ...(anew ? { phases: [{ name: 'resolve', status: 'waiting' }], artefacts: [], workedSeconds: 0 } : {}),
      ...(limits === undefined ? {} : { limits: { ...(state.limits ?? spec.limits), ...limits } }),
      status: 'queued',
    };
  });
  if (anew) await store.delete(runKeys(runId).report);
  await (await EventLog.open({ store, runId })).append({ type: 'queued', why: 'retry' });
  return state;
}
