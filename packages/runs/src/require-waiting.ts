import { reviveError } from '@hubfuse/plugin';
import type { RunState } from './run.ts';
import { isActive } from './state-word.ts';
import { cancellation } from './stored-error.ts';

/** @throws what a run ended with, where it has ended without being done */
export function requireWaiting({ id, status, error }: RunState): void {
  if (isActive(status)) return;
  throw error === undefined ? cancellation(undefined, id) : reviveError(error);
}
