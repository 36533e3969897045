import { existsSync, readFileSync } from 'node:fs';

/**
 * Bytes of memory that this process has had at most. Linux hands the figure of `process.resourceUsage()` on from parent
 * to child, whatever the child does; what it keeps per address space is the process's own.
 */
export function peakMemory() {
  const status = '/proc/self/status';
  const own = existsSync(status) ? /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(status, 'utf8'))?.[1] : undefined;
  return own === undefined ? process.resourceUsage().maxRSS * 1024 : Number(own) * 1024;
}
