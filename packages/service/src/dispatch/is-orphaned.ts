import { hostname } from 'node:os';
import { isProcessGone } from '@hubfuse/plugin';
import type { RunState } from '@hubfuse/runs';

const LEASE_MS = 60_000;

/** Whether a run waits for somebody: nobody took it yet, or whoever did gives no sign of life any more. */
export function isOrphaned({ status, owner }: Pick<RunState, 'status' | 'owner'>, now: number): boolean {
  if (status === 'queued') return true;
  if (status !== 'running') return false;
  if (owner === undefined) return true;
  if (owner.host === hostname() && owner.pid !== process.pid && isProcessGone(owner.pid)) return true;
  return now - Date.parse(owner.heartbeatAt) >= (owner.leaseMs ?? LEASE_MS);
}
