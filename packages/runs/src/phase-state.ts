import type { PhaseName, PhaseResult } from './phase.ts';
import type { PhaseState, RunState } from './run.ts';

/** The state with one phase changed. */
export function setPhase(state: RunState, name: PhaseName, change: Partial<PhaseState>): RunState {
  return { ...state, phases: state.phases.map((phase) => (phase.name === name ? { ...phase, ...change } : phase)) };
}

/** The state after a phase ended: its output is kept, and what it says about the phases that follow holds. */
export function completePhase(state: RunState, name: PhaseName, result: PhaseResult, endedAt: Date): RunState {
  const { progress: _, ...rest } = setPhase(state, name, {
    status: 'done',
    endedAt: endedAt.toISOString(),
    ...(result.output === undefined ? {} : { output: result.output }),
  });
  if (result.next === undefined) return rest;
  const done = rest.phases.filter(({ status }) => status === 'done');
  return { ...rest, phases: [...done, ...result.next.map((next) => ({ name: next, status: 'waiting' as const }))] };
}

/** The state with one phase and all behind it still to be run. */
export function reopenFrom(state: RunState, name: PhaseName): RunState {
  const first = state.phases.findIndex((phase) => phase.name === name);
  const phases = state.phases.map((phase, index) =>
    index < first ? phase : { name: phase.name, status: 'waiting' as const },
  );
  return { ...state, phases };
}
