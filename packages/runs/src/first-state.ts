import { randomUUID } from 'node:crypto';
import type { RunState } from './run.ts';

/** The state of a run that was just made. */
export function firstState(id: string, page: number): RunState {
  return {
    id,
    page,
    generation: 1,
    revision: 1,
    status: 'queued',
    phases: [{ name: 'resolve', status: 'waiting' }],
    attempts: 0,
    workedSeconds: 0,
    artefacts: [],
    updatedAt: new Date().toISOString(),
    nonce: randomUUID(),
  };
}
