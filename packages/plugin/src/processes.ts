import { readFileSync, readlinkSync } from 'node:fs';

/** Whether no process of this machine runs under this number. A process that may not be asked runs. */
export function isProcessGone(processId: number): boolean {
  try {
    process.kill(processId, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
  return isZombie(processId);
}

/** A process that was killed keeps its number until its parent asks for it; in a container without init that is never. */
function isZombie(processId: number): boolean {
  try {
    const stat = readFileSync(`/proc/${processId}/stat`, 'latin1');
    // The state follows the program's name, which stands in parentheses and may itself hold some.
    return stat.charAt(stat.lastIndexOf(')') + 2) === 'Z';
  } catch {
    // Only Linux tells.
    return false;
  }
}

/**
 * Number of the space that numbers of processes are of here: containers that share a host's name number theirs alike. Empty where the
 * system has no such spaces.
 */
export function processSpace(): string {
  try {
    return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '';
  } catch {
    return '';
  }
}
