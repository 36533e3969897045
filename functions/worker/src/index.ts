export { WORKER_EXIT_CODES } from './exit-codes.ts';
export { logWarnings } from './log-warnings.ts';
export { type HubEventOptions, runHubEvent } from './run-hub-event.ts';
export { runWorker, type WorkerOptions } from './run-worker.ts';
export { tokenOfRun } from './token-of-run.ts';
export { type LogLine, type WorkerLog, workerLog } from './worker-log.ts';
