import type { PhaseName } from './phase.ts';
import type { RunState, RunStatus } from './run.ts';

/** Where a run stands, in one word: what lists, the API and notices say. */
export const STATE_WORDS = [
  'queued',
  'resolving',
  'fetching',
  'gathering',
  'searching',
  'merging',
  'evaluating',
  'publishing',
  'done',
  'failed',
  'cancelled',
] as const;

export type StateWord = (typeof STATE_WORDS)[number];

const WORD_OF_PHASE: Readonly<Record<PhaseName, StateWord>> = {
  resolve: 'resolving',
  fetch: 'fetching',
  gather: 'gathering',
  search: 'searching',
  merge: 'merging',
  evaluate: 'evaluating',
  gate: 'evaluating',
  assemble: 'publishing',
  publish: 'publishing',
};

/** The word for a state. A phase of a newer version, which has none here, counts as the one before it. */
export function stateOf({ status, phases }: Pick<RunState, 'status' | 'phases'>): StateWord {
  if (status !== 'running') return status;
  const current = phases.findIndex((phase) => phase.status !== 'done');
  if (current === -1) return 'publishing';
  for (let index = current; index >= 0; index--) {
    const word = WORD_OF_PHASE[phases[index]?.name ?? 'resolve'];
    if (word !== undefined) return word;
  }
  return 'resolving';
}

/** Whether a run in this status still has something before it. */
export function isActive(status: RunStatus): boolean {
  return status === 'queued' || status === 'running';
}
