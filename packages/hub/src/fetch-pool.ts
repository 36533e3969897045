import { Semaphore } from '@hubfuse/plugin';

const DEFAULT_CONNECTIONS = 8;

/** What fetches that run at the same time share, so that together they keep to one bound. */
export interface FetchPool {
  /** Ranges under way. */
  connections: Semaphore;
  /** Files under way. */
  files: Semaphore;
}

/** @param connections Ranges, and files, at the same time. Default 8. */
export function openFetchPool(connections: number = DEFAULT_CONNECTIONS): FetchPool {
  return { connections: new Semaphore(connections), files: new Semaphore(connections) };
}
