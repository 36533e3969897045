import type { WorkerLog } from './worker-log.ts';

/** Has warnings of Node.js and of libraries, which it would print as text, written as lines of the log. For a process of its own. */
export function logWarnings(log: WorkerLog): void {
  process.removeAllListeners('warning');
  process.on('warning', ({ name, message }) => log.warn({ event: 'warning', name, message }));
}
