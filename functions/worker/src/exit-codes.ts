/**
 * How a worker ends, as a queue reads it: only `resumable` is to be tried again. A run that failed ends with the command's
 * exit code for its error.
 */
export const WORKER_EXIT_CODES = {
  /** The run is done, whether or not its gate let it be published; or another worker executes it. */
  done: 0,
  /** Somebody asked for the run to be stopped. */
  cancelled: 10,
  /** The machine is taken away or the store cannot be reached: the run waits to be executed again (EX_TEMPFAIL). */
  resumable: 75,
} as const;
