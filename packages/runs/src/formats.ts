import type { JsonFormat } from '@hubfuse/objects';
import type { RunSpec, RunState } from './run.ts';
import { COMMAND_ORIGIN } from './run-origin.ts';

/** `spec.json`. Version 2 says who asked for a run and what it may spend. */
export const SPEC_FORMAT: JsonFormat = {
  version: 2,
  migrate: (value): RunSpec => ({
    ...(value as Omit<RunSpec, 'origin' | 'limits'>),
    origin: COMMAND_ORIGIN,
    limits: {},
  }),
};

const FIRST_COUNTS = { revision: 0, workedSeconds: 0 };

/** `state.json`. In version 1 a run that nobody had begun was called `created`. */
export const STATE_FORMAT: JsonFormat = {
  version: 2,
  migrate: (value): RunState => {
    const old = value as Omit<RunState, 'status'> & { status: RunState['status'] | 'created' };
    return { ...FIRST_COUNTS, ...old, status: old.status === 'created' ? 'queued' : old.status };
  },
};
