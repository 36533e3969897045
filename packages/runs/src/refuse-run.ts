import type { HubfuseError, ObjectStore } from '@hubfuse/plugin';
import { EventLog } from './event-log.ts';
import { changeState } from './state-cell.ts';
import { storedError } from './stored-error.ts';

/** Ends a run before anybody works on it, for a reason that is known already. One that does not wait stays as it is. */
export async function refuseRun(options: { store: ObjectStore; runId: string; error: HubfuseError }): Promise<void> {
  const { store, runId } = options;
  const error = storedError(options.error);
  let refused = false;
  await changeState(store, runId, (state) => {
    refused = state.status === 'queued';
    return refused ? { ...state, status: 'failed', error } : state;
  });
  if (refused) await (await EventLog.open({ store, runId })).append({ type: 'failed', error });
}
