import { whoAmI } from '@hubfuse/hub';
import { reviveError, StoreError } from '@hubfuse/plugin';
import { JobOfEvent, type Services } from '@hubfuse/service';
import { WORKER_EXIT_CODES } from './exit-codes.ts';
import { runWorker, type WorkerOptions } from './run-worker.ts';
import { detailsOf, type WorkerLog, withoutQuery } from './worker-log.ts';

export interface HubEventOptions
  extends Omit<WorkerOptions, 'runId' | 'store' | 'registry' | 'hub' | 'log' | 'patienceMs'> {
  services: Services;
  /** Name of the stored recipe that the job is for. */
  recipe: string;
  /** Body of the delivery (`WEBHOOK_PAYLOAD`). Absent: the job only finds out whether it could do its work. */
  payload: string | undefined;
  /** The log of the job itself, and that of a run which it executes. */
  log: WorkerLog;
  logOfRun(run: string): WorkerLog;
}

/**
 * What a job does that the Hub's webhook started: takes the event, executes what it asks for, and ends. No server stands
 * behind it; the store knows what was done. Resolves to the exit code. Never throws.
 */
export async function runHubEvent(options: HubEventOptions): Promise<number> {
  const { services, recipe, payload, log, signal } = options;
  log.info({ event: 'job-started', recipe, store: withoutQuery(services.store.url), node: process.version });
  try {
    if (payload === undefined) return await checkJob(options);
    const job = new JobOfEvent({ services, recipe, signal });
    const reception = await job.receive(parsed(payload));
    log.info({ event: 'event-received', reception });
    const code = await executeRuns(options, job);
    await job.tell().catch((error: unknown) => log.warn({ event: 'untold', ...detailsOf(error) }));
    return code;
  } catch (error) {
    if (signal.aborted || (error instanceof StoreError && error.code === 'store/unreachable')) {
      log.warn({ event: 'job-released', ...detailsOf(error) });
      return WORKER_EXIT_CODES.resumable;
    }
    log.error({ event: 'job-failed', ...detailsOf(error) });
    return options.exitCodeOf(error);
  }
}

/** Before a webhook is registered: the store answers, the recipe can be read, the token is somebody's. */
async function checkJob({ services, recipe, log }: HubEventOptions): Promise<number> {
  services.recipes.parseStored(await services.recipes.require(recipe));
  const account = await whoAmI(services.hub);
  log.info({ event: 'job-ready', recipe, account: account?.name ?? null });
  return WORKER_EXIT_CODES.done;
}

async function executeRuns(options: HubEventOptions, job: JobOfEvent): Promise<number> {
  const { services, log, logOfRun, recipe: _, payload: __, ...worker } = options;
  const { store, registry, hub } = services;
  const executed = new Set<string>();
  let code: number = WORKER_EXIT_CODES.done;
  for (let run = await job.next(); run !== undefined; run = await job.next()) {
    // Whatever keeps a run from its end without a word may be gone on another machine.
    if (executed.has(run)) return WORKER_EXIT_CODES.resumable;
    executed.add(run);
    const ended = await runWorker({
      ...{ ...worker, store, registry, hub, runId: run, log: logOfRun(run) },
      // The job itself has looked whether somebody else executes it.
      patienceMs: 0,
    });
    if (ended === WORKER_EXIT_CODES.resumable) return ended;
    if (ended !== WORKER_EXIT_CODES.done) code = ended;
  }
  if (executed.size > 0) return code;
  // A job that is tried again after its run has failed says so again, instead of ending as if all were well.
  const failure = await job.failure();
  if (failure === undefined) {
    log.info({ event: 'nothing-to-do' });
    return code;
  }
  log.error({ event: 'run-failed', ...failure });
  return options.exitCodeOf(reviveError(failure));
}

function parsed(payload: string): unknown {
  try {
    return JSON.parse(payload);
  } catch {
    // What no Hub sends is refused by whoever reads it.
    return undefined;
  }
}
