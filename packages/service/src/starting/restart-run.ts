import { UsageError } from '@hubfuse/plugin';
import type { RunLimits } from '@hubfuse/recipe';
import { isActive, publishRun, type RunState, readRunSpec, readRunState, retryRun } from '@hubfuse/runs';
import type { Key } from '../keys/key.ts';
import type { Services } from '../services.ts';
import { attendRun, checkToken } from './begin-run.ts';
import { checkPublishing } from './check-publishing.ts';
import { privateNamespaces } from './private-namespaces.ts';
import { ownRun, readAccess } from './run-access.ts';

/** A run that has ended and is to go on. */
export interface RestartRequest {
  runId: string;
  /** Who asks. Absent where no key is needed. */
  key?: Key | undefined;
  /** A Hub token of the caller's. A run that began with one goes on with one alone. */
  token?: string | undefined;
  /** Limits that hold from now on in the place of those of the same kind. */
  limits?: RunLimits | undefined;
}

/**
 * Queues a run again that failed, was cancelled, or was not published, for a dispatcher to execute.
 * @throws RunError `run/unknown`, `run/active`, `run/published`; UsageError `service/token-needed`, `service/bad-token`,
 * `service/namespace`, `service/private-repo`
 */
export async function restartRun(services: Services, request: RestartRequest): Promise<RunState> {
  const { runId, limits } = request;
  return await permitted(services, request, () => retryRun({ store: services.store, runId, limits }));
}

/**
 * Has a run published whose gate was not met.
 * @throws as `restartRun`, and what `publishRun` of `@hubfuse/runs` refuses
 */
export async function publishAnyway(services: Services, request: Omit<RestartRequest, 'limits'>): Promise<RunState> {
  return await permitted(services, request, () => publishRun({ store: services.store, runId: request.runId }));
}

/** The rights of who asks now hold, as they did for who asked first. */
async function permitted(
  services: Services,
  { runId, key, token }: RestartRequest,
  queue: () => Promise<RunState>,
): Promise<RunState> {
  const { store, hub, secrets } = services;
  // A run under way keeps the token that it has.
  if (isActive((await readRunState({ store, runId })).status)) return await queue();
  const { recipe, origin } = await readRunSpec({ store, runId });
  const access = await readAccess(store, runId);
  checkPublishing(recipe, key);
  if (token !== undefined) checkToken(token);
  if (access?.ownToken === true && token === undefined) {
    throw new UsageError({
      code: 'service/token-needed',
      message: `the run ${runId} reads with a Hub token of whoever asked for it, which was wiped at its end`,
      hint: 'send it again (X-HF-Token)',
    });
  }
  if (key !== undefined && token === undefined) await privateNamespaces({ recipe, key, hub });
  if (token !== undefined) {
    await ownRun(store, runId);
    await secrets.keep(runId, token);
  }
  try {
    const state = await queue();
    await attendRun(services, { run: runId, recipe: origin.recipe?.name });
    services.wake();
    return state;
  } catch (error) {
    if (token !== undefined) await secrets.wipe(runId);
    throw error;
  }
}
