// What a measured time belongs to: the machine, and the code that was timed.
import { availableParallelism, cpus, hostname, totalmem } from 'node:os';
import { sourceDigest } from '../build.mjs';

const GIB = 2 ** 30;

/** This machine and these sources, as they stand beside measured times. */
export function measuredOn() {
  return {
    host: hostname(),
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    processors: availableParallelism(),
    memoryGib: Math.round(totalmem() / GIB),
    node: process.version,
    sources: sourceDigest(),
  };
}

/**
 * What of two of them differs, in words; empty where times of one hold for the other.
 * @param {Record<string, unknown>} then @param {Record<string, unknown>} now
 */
export function differences(then, now) {
  return Object.keys(now)
    .filter((key) => then[key] !== now[key])
    .map((key) => `${key} was ${String(then[key])}, and is ${String(now[key])}`);
}
