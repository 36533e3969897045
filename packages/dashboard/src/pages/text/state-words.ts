import type { StateWord } from '../api/types.ts';

/** How a state looks: which colour and sign. */
export type StateLook = 'waiting' | 'running' | 'done' | 'unpublished' | 'failed' | 'cancelled';

export function isActive(state: StateWord): boolean {
  return state !== 'done' && state !== 'failed' && state !== 'cancelled';
}

export function lookOf(state: StateWord, options: { unpublished?: boolean } = {}): StateLook {
  if (state === 'queued') return 'waiting';
  if (state === 'done') return options.unpublished === true ? 'unpublished' : 'done';
  if (state === 'failed' || state === 'cancelled') return state;
  return 'running';
}

/** `Evaluating`, `Done, not published` */
export function describeState(state: StateWord, options: { unpublished?: boolean } = {}): string {
  if (state === 'done' && options.unpublished === true) return 'Done, not published';
  return state.slice(0, 1).toUpperCase() + state.slice(1);
}

const PHASE_TITLES: Readonly<Record<string, string>> = {
  resolve: 'Resolve',
  fetch: 'Fetch',
  gather: 'Gather',
  search: 'Search',
  merge: 'Merge',
  evaluate: 'Evaluate',
  gate: 'Gate',
  assemble: 'Assemble',
  publish: 'Publish',
};

export function phaseTitle(phase: string): string {
  return PHASE_TITLES[phase] ?? phase;
}
