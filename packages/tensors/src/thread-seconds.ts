import { readFileSync } from 'node:fs';

const NANOSECONDS = 1e9;
const MILLISECONDS = 1e3;

/**
 * Seconds of processor time that the calling thread has taken, where the system tells (Linux); else seconds of a clock. Only
 * differences between two calls in one thread say anything.
 */
export function threadSeconds(): number {
  try {
    return Number(readFileSync('/proc/thread-self/schedstat', 'latin1').split(' ')[0]) / NANOSECONDS;
  } catch {
    return performance.now() / MILLISECONDS;
  }
}
