import type { HubOptions } from '@hubfuse/hub';
import { HubfuseError, RunError, StoreError } from '@hubfuse/plugin';
import {
  comeToRest,
  type ExecutionOptions,
  type RunEvent,
  type RunProgress,
  type SharedExecution,
} from '@hubfuse/runs';
import { WORKER_EXIT_CODES } from './exit-codes.ts';
import { PhaseMeter } from './phase-meter.ts';
import { type TakenRun, takeRun } from './take-run.ts';
import { detailsOf, type WorkerLog, withoutQuery } from './worker-log.ts';

/** Between two heartbeats in the log: often enough to see that a silent merge lives. */
const HEARTBEAT_MS = 30_000;
/** A machine that is reclaimed goes two minutes after it was told; the queue sends the kill 90 s after the signal. */
const GRACE_MS = 80_000;
/** Longer than a lease of 60 s, so that a killed worker's run is taken and not given up. */
const PATIENCE_MS = 150_000;

export interface WorkerOptions
  extends SharedExecution,
    Pick<ExecutionOptions, 'allowOtherProcessor' | 'tariff' | 'keepFiles'> {
  /** Aborts where the machine is taken away (SIGTERM): the run is left to be resumed. */
  signal: AbortSignal;
  log: WorkerLog;
  /** Milliseconds between two heartbeats in the log. Default 30,000. */
  heartbeatMs?: number | undefined;
  /** Milliseconds after the signal at which the worker ends even if a step does not. Default 80,000. */
  graceMs?: number | undefined;
  /** Milliseconds to wait for a run that another worker seems to execute. Default 150,000. */
  patienceMs?: number | undefined;
  /** Exit code of an error that a run failed with. */
  exitCodeOf(error: unknown): number;
}

/** Executes one run of a store, says in the log how it goes, and resolves to the exit code. Never throws. */
export async function runWorker(options: WorkerOptions): Promise<number> {
  const { log, runId, store, signal } = options;
  const meter = new PhaseMeter(() => performance.now());
  log.info({ event: 'worker-started', store: withoutQuery(store.url), node: process.version, pid: process.pid });
  const heartbeat = startHeartbeat(options, meter);
  const grace = startGrace(options);
  try {
    const taken = await Promise.race([
      grace.over,
      takeRun({
        execution: {
          ...{ store, runId, registry: options.registry, workspace: options.workspace },
          ...{ workers: options.workers, memory: options.memory, allowOtherProcessor: options.allowOtherProcessor },
          ...{ children: options.children, leaseMs: options.leaseMs },
          ...{ tariff: options.tariff, keepFiles: options.keepFiles },
          ...{ device: options.device, defaultDevice: options.defaultDevice },
          hub: watchedHub(options, meter),
          release: signal,
          continueEnded: false,
          onEvent: (event) => logEvent(log, event, meter),
          onProgress: heartbeat.progress,
        },
        patienceMs: options.patienceMs ?? PATIENCE_MS,
        signal,
        onWait: (reason) => log.warn({ event: 'waiting', reason }),
        help: helpLog(log),
      }),
    ]);
    return ended(log, taken);
  } catch (error) {
    return failed(options, error);
  } finally {
    await Promise.race([comeToRest(options.graceMs ?? GRACE_MS), grace.over.catch(() => undefined)]);
    heartbeat.stop();
    grace.stop();
  }
}

function ended(log: WorkerLog, taken: TakenRun): number {
  if ('end' in taken) {
    if (taken.end === 'elsewhere') log.warn({ event: 'elsewhere', reason: 'another worker executes this run' });
    else log.info({ event: 'helper-done', reason: END_OF_HELP[taken.end] });
    return WORKER_EXIT_CODES.done;
  }
  const { published, gate, cost } = taken.report;
  log.info({
    event: 'worker-done',
    published: published.map(({ url }) => url),
    ...(gate === undefined ? {} : { gate: gate.met }),
    ...(cost === undefined ? {} : { cost }),
  });
  return WORKER_EXIT_CODES.done;
}

const END_OF_HELP = {
  ended: 'the run has ended',
  needless: 'what is left of the run is done by one',
} as const;

/** What a child says of its tasks. */
function helpLog(log: WorkerLog): Parameters<typeof takeRun>[0]['help'] {
  return {
    onTask({ name, seconds, failure }) {
      if (failure === undefined) log.info({ event: 'task', task: name, seconds });
      else log.warn({ event: 'task-failed', task: name, seconds, ...detailsOf(failure) });
    },
    onDeclined: (reason) => log.warn({ event: 'declined', reason }),
  };
}

function failed({ log, signal, exitCodeOf }: WorkerOptions, error: unknown): number {
  const code = error instanceof HubfuseError ? error.code : 'internal';
  if (error instanceof RunError && code === 'run/taken-over') {
    log.warn({ event: 'elsewhere', reason: error.summary });
    return WORKER_EXIT_CODES.done;
  }
  if (error instanceof RunError && code === 'run/cancelled') {
    log.info({ event: 'worker-cancelled' });
    return WORKER_EXIT_CODES.cancelled;
  }
  if (code === 'run/released' || signal.aborted) {
    log.warn({ event: 'worker-released', reason: code });
    return WORKER_EXIT_CODES.resumable;
  }
  const details = detailsOf(error);
  // What a process cannot stop, another one need not wait for.
  if ((error instanceof StoreError && code === 'store/unreachable') || code === 'run/still-stopping') {
    log.error({ event: 'worker-released', ...details });
    return WORKER_EXIT_CODES.resumable;
  }
  log.error({ event: 'worker-failed', ...details });
  return exitCodeOf(error);
}

/** Access to the Hub whose transfers are counted, and whose retries are logged. */
function watchedHub({ hub, log }: WorkerOptions, meter: PhaseMeter): HubOptions {
  return {
    ...hub,
    onProgress(event) {
      hub.onProgress?.(event);
      meter.hearHub(event);
      if (event.type === 'retry') log.warn({ event: 'retry', ...withoutType(event) });
    },
  };
}

function logEvent(log: WorkerLog, event: RunEvent, meter: PhaseMeter): void {
  const figures = meter.hearRun(event);
  if (figures !== undefined) log.info({ event: 'phase', ...figures });
  else if (event.type === 'failed') log.error({ event: event.type, ...event.error });
  else if (event.type === 'warning') log.warn({ event: event.type, code: event.code, message: event.message });
  else log.info({ event: event.type, ...withoutType(event) });
}

function withoutType<T extends { type: string }>({ type: _, ...rest }: T): Omit<T, 'type'> {
  return rest;
}

function startHeartbeat(options: WorkerOptions, meter: PhaseMeter) {
  let last: RunProgress | undefined;
  const beat = () => {
    const { rss } = process.memoryUsage();
    const { label, done, total, unit } = last ?? {};
    options.log.info({ event: 'heartbeat', phase: meter.phase, label, done, total, unit, memory: rss });
  };
  const timer = setInterval(beat, options.heartbeatMs ?? HEARTBEAT_MS);
  return {
    progress(progress: RunProgress) {
      last = progress;
      meter.hearProgress(progress);
    },
    stop: () => clearInterval(timer),
  };
}

/** `over` rejects where the time after the signal has passed: a step that cannot be interrupted must not eat it all. */
function startGrace({ signal, log, graceMs = GRACE_MS, runId }: WorkerOptions) {
  let timer: NodeJS.Timeout | undefined;
  let giveUp: (error: unknown) => void = () => undefined;
  const over = new Promise<never>((_, reject) => {
    giveUp = reject;
  });
  const begin = () => {
    log.warn({ event: 'release-asked', seconds: graceMs / 1000 });
    timer = setTimeout(() => {
      giveUp(new RunError({ code: 'run/released', message: `a step of the run "${runId}" did not stop in time` }));
    }, graceMs);
  };
  signal.addEventListener('abort', begin, { once: true });
  if (signal.aborted) begin();
  return {
    over,
    stop() {
      clearTimeout(timer);
      signal.removeEventListener('abort', begin);
    },
  };
}
