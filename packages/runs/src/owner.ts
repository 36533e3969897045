import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { isProcessGone, processSpace } from '@hubfuse/plugin';
import type { RunOwner } from './run.ts';

/** Milliseconds for which an owner that gives no sign of life keeps what it owns, where nothing else is said. */
export const LEASE_MS = 60_000;

/** Nonces of the owners in this process. */
const own = new Set<string>();

/** This process as the owner of something. */
export function beginOwner(leaseMs: number): RunOwner {
  const nonce = randomUUID();
  own.add(nonce);
  return {
    host: hostname(),
    pid: process.pid,
    space: processSpace(),
    nonce,
    heartbeatAt: new Date().toISOString(),
    leaseMs,
  };
}

/** Owns nothing from here on. */
export function endOwner({ nonce }: RunOwner): void {
  own.delete(nonce);
}

/**
 * Whether an owner still works. A process of this machine that is gone frees what it owned at once; a number that another
 * process carries by now, a process that stands still, and an owner on another machine or in another container are told by
 * their heartbeat.
 */
export function isAlive(owner: RunOwner): boolean {
  if (owner.host === hostname() && (owner.space ?? processSpace()) === processSpace()) {
    if (owner.pid === process.pid) return own.has(owner.nonce);
    if (isProcessGone(owner.pid)) return false;
  }
  return Date.now() < Date.parse(leaseEnd(owner));
}

/** Until when an owner keeps what it owns without a further sign of life, ISO 8601. */
export function leaseEnd({ heartbeatAt, leaseMs }: RunOwner): string {
  return new Date(Date.parse(heartbeatAt) + (leaseMs ?? LEASE_MS)).toISOString();
}
