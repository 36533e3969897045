import { HubfuseError, RunError } from '@hubfuse/plugin';
import type { StoredError } from './run.ts';

/** The error of a run that was stopped: the stopper's own, where it gave one. */
export function cancellation(reason: unknown, id: string): HubfuseError {
  if (reason instanceof HubfuseError) return reason;
  return new RunError({
    code: 'run/cancelled',
    message: `the run "${id}" was stopped`,
    hint: 'start it again to continue where it stopped',
  });
}

/** The error of an execution that gave its run back. */
export function released(id: string): RunError {
  return new RunError({
    code: 'run/released',
    message: `the run "${id}" was given back before it was done`,
    hint: 'start it again, here or elsewhere: it continues where it was',
  });
}

/** What a state and an event keep of an error. */
export function storedError(error: unknown): StoredError {
  if (error instanceof HubfuseError) return error.toJSON();
  const { name, message } = error instanceof Error ? error : { name: 'Error', message: String(error) };
  return { name, code: 'internal', message };
}
