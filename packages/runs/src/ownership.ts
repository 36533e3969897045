import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { isProcessGone, type ObjectStore, RunError } from '@hubfuse/plugin';
import type { RunOwner, RunState } from './run.ts';
import { changeState } from './state-cell.ts';

/** Milliseconds between two signs of life, and after which an owner that gives none counts as gone. */
export const HEARTBEAT_MS = 2_000;
const LOST_MS = 60_000;

/** Executions under way in this process, by nonce. */
const own = new Set<string>();

export function newOwner(): RunOwner {
  const owner = { host: hostname(), pid: process.pid, nonce: randomUUID(), heartbeatAt: new Date().toISOString() };
  own.add(owner.nonce);
  return owner;
}

/** Says that an owner of this process has ended. */
export function endOwner(owner: RunOwner): void {
  own.delete(owner.nonce);
}

/**
 * Whether an owner still works. A process of this machine that is gone frees its run at once; a number that another
 * process carries by now, and an owner on another machine, are told by the heartbeat.
 */
export function isAlive(owner: RunOwner): boolean {
  if (owner.host === hostname()) {
    if (owner.pid === process.pid) return own.has(owner.nonce);
    if (isProcessGone(owner.pid)) return false;
  }
  return Date.now() - Date.parse(owner.heartbeatAt) < LOST_MS;
}

/**
 * Takes a run: no two processes execute one run.
 * @throws RunError `run/already-running` while another owner is alive.
 */
export function takeRun(options: { store: ObjectStore; runId: string; owner: RunOwner }): Promise<RunState> {
  const { store, runId, owner } = options;
  return changeState(store, runId, (state) => {
    if (state.status === 'running' && state.owner !== undefined && isAlive(state.owner)) {
      throw new RunError({
        code: 'run/already-running',
        message: `the run "${runId}" is being executed by process ${state.owner.pid} on ${state.owner.host}`,
        hint: 'wait for it, or end that process and start again: the run continues where it was',
      });
    }
    const { error: _, ...rest } = state;
    return { ...rest, status: 'running', owner, attempts: state.attempts + 1 };
  });
}

/**
 * Changes the state of a run that this execution owns.
 * @throws RunError `run/taken-over` where another process owns it by now.
 */
export function changeOwnState(options: {
  store: ObjectStore;
  runId: string;
  owner: RunOwner;
  change: (state: RunState) => RunState;
}): Promise<RunState> {
  const { store, runId, owner, change } = options;
  return changeState(store, runId, (state) => {
    if (state.owner?.nonce !== owner.nonce) {
      throw new RunError({
        code: 'run/taken-over',
        message: `another process took the run "${runId}" over`,
        hint: 'this process stood still for too long; the other one goes on',
      });
    }
    return change(state);
  });
}
