import { UsageError } from '@hubfuse/plugin';
import { isActive, publishRun, type RunState, readRunSpec, readRunState, retryRun } from '@hubfuse/runs';
import type { Key } from '../keys/key.ts';
import type { Services } from '../services.ts';
import { attendRun, checkToken, lifeOf } from './begin-run.ts';
import { checkPublishing } from './check-publishing.ts';
import { privateNamespaces } from './private-namespaces.ts';
import { ownRun, readAccess } from './run-access.ts';

/** A run that has ended and is to go on. */
export interface RunToContinue {
  runId: string;
  /** `retry` queues it again; `publish` publishes what its gate kept back. */
  how: 'retry' | 'publish';
  /** Who asks. Absent where no key is needed. */
  key?: Key | undefined;
  /** A Hub token of the caller's. A run that began with one goes on with one alone: that one was wiped at its end. */
  token?: string | undefined;
}

/**
 * Queues a run that has ended again, for a dispatcher to execute, with the rights of who asks now.
 * @throws RunError as `retryRun` and `publishRun` of `@hubfuse/runs`; UsageError `service/token-needed`,
 * `service/bad-token`, `service/namespace`, `service/private-repo`
 */
export async function continueRun(services: Services, { runId, how, key, token }: RunToContinue): Promise<RunState> {
  const { store, hub, secrets } = services;
  const queue = () => (how === 'retry' ? retryRun({ store, runId }) : publishRun({ store, runId }));
  // A run under way keeps the token that it has.
  const before = await readRunState({ store, runId });
  if (isActive(before.status)) return await queue();
  const { run, generation } = lifeOf(before);
  const next = { run, generation: generation + 1 };
  const { recipe, origin } = await readRunSpec({ store, runId });
  checkPublishing(recipe, key);
  if (token !== undefined) checkToken(token);
  if (token === undefined && (await readAccess(store, runId))?.ownToken === true) throw tokenNeeded(runId);
  if (key !== undefined && token === undefined) await privateNamespaces({ recipe, key, hub });
  if (token !== undefined) {
    await ownRun(store, runId);
    // Of the life that queueing it begins: whoever still attends to the end of the last one wipes that one's token.
    await secrets.keep(next, token);
  }
  try {
    const state = await queue();
    // Behind the change: the end of a run that has ended is attended to at once. A dispatcher that is quicker does the same.
    await attendRun(services, { ...lifeOf(state), recipe: origin.recipe?.name });
    services.wake();
    return state;
  } catch (error) {
    const { status } = await readRunState({ store, runId });
    if (token !== undefined && !isActive(status)) await secrets.wipe(next);
    throw error;
  }
}

function tokenNeeded(runId: string): UsageError {
  return new UsageError({
    code: 'service/token-needed',
    message: `the run "${runId}" reads with a token of its caller's, which was wiped when it ended`,
    hint: 'send the token again',
  });
}
