import { ResourceError } from '@hubfuse/plugin';
import type { RunLimits } from '@hubfuse/recipe';

/** Seconds that a search has to end with what it has found, once the time of its run is over. */
export const SEARCH_GRACE_SECONDS = 60;

/** The error of a run that has worked for as long as it may. */
export function timeExceeded(runId: string, { seconds = 0 }: RunLimits): ResourceError {
  return new ResourceError({
    code: 'run/time-limit',
    where: 'limits.time',
    message: `the run "${runId}" has worked for the ${seconds} s that it may`,
    hint: 'raise limits.time and retry the run: it continues where it was',
  });
}
