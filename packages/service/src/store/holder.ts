import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { isProcessGone } from '@hubfuse/plugin';

/** Names somebody of this process who holds leases, so that others of this machine can tell when it is gone. */
export function newHolder(): string {
  return `${process.pid}@${hostname()} ${randomUUID()}`;
}

/**
 * Whether the process of a holder is known to be gone: only one of this machine can be asked. What it held is free at once,
 * so that a service that was killed and started again goes on without a pause.
 */
export function isHolderGone(holder: string): boolean {
  const [, pid, host] = /^(\d+)@(\S+) /.exec(holder) ?? [];
  return host === hostname() && Number(pid) !== process.pid && isProcessGone(Number(pid));
}
