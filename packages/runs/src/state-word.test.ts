import { expect, test } from 'vitest';
import { PHASES } from './phase.ts';
import type { PhaseState, RunState } from './run.ts';
import { stateOf } from './state-word.ts';

const running = (...phases: PhaseState[]): Pick<RunState, 'status' | 'phases'> => ({ status: 'running', phases });

test('every phase has its word', () => {
  const words = PHASES.map((name) => stateOf(running({ name, status: 'running' })));
  expect(words).toEqual([
    ...['resolving', 'fetching', 'gathering', 'searching', 'merging', 'evaluating', 'evaluating'],
    ...['publishing', 'publishing'],
  ]);
});

test('the phase that comes next counts, also before it has begun', () => {
  expect(stateOf(running({ name: 'resolve', status: 'done' }, { name: 'fetch', status: 'waiting' }))).toBe('fetching');
  expect(stateOf(running({ name: 'assemble', status: 'done' }))).toBe('publishing');
});

test('a run on which nobody works is called by its status, whatever its phases', () => {
  for (const status of ['queued', 'done', 'failed', 'cancelled'] as const) {
    expect(stateOf({ status, phases: [{ name: 'merge', status: 'running' }] })).toBe(status);
  }
});

test('a phase that a newer version knows counts as the one before it', () => {
  const phases = [
    { name: 'merge', status: 'done' },
    { name: 'distil', status: 'running' },
  ] as PhaseState[];
  expect(stateOf({ status: 'running', phases })).toBe('merging');
});
