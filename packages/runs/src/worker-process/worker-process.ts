import { hostname } from 'node:os';
import { getJson, toJson } from '@hubfuse/objects';
import { isProcessGone, type ObjectStore } from '@hubfuse/plugin';
import { runKeys } from '../keys.ts';

/** The process that was started for a run: what any later process needs to find it. Kept with the run. */
export interface WorkerProcess {
  host: string;
  pid: number;
  /** Path of its log on that host. */
  log: string;
  /** ISO 8601. */
  startedAt: string;
  /** Further processes that were started with it, where several execute the run together. */
  others?: readonly { pid: number; log: string }[];
}

export async function keepWorkerProcess(store: ObjectStore, runId: string, worker: WorkerProcess): Promise<void> {
  await store.put(runKeys(runId).worker, toJson(worker));
}

export async function readWorkerProcess(store: ObjectStore, runId: string): Promise<WorkerProcess | undefined> {
  return (await getJson<WorkerProcess>(store, runKeys(runId).worker))?.value;
}

/** Whether it is known to have ended: only a process of this host can be asked. */
export function hasEnded({ host, pid, others = [] }: WorkerProcess): boolean {
  return host === hostname() && [pid, ...others.map((other) => other.pid)].every(isProcessGone);
}

/** Whether its log can be read here. */
export function isHere({ host }: WorkerProcess): boolean {
  return host === hostname();
}
