import { setTimeout as wait } from 'node:timers/promises';

/** Between two looks. */
const LOOK_MS = { first: 1_000, most: 15_000 };
/** Looks in a row that may fail: minutes in which a service or the store cannot be reached. */
const MOST_FAILURES = 20;

/**
 * Looks at a job, after longer and longer pauses, until it has ended. A look that fails says nothing about the job, which may go on
 * for hours, so it is made again.
 * @param look returns why the job has ended; undefined while it has not
 * @throws what the last of many looks in a row failed with
 */
export async function untilEnded(look: () => Promise<string | undefined>, pauseMs = LOOK_MS): Promise<string> {
  let failures = 0;
  for (let pause = pauseMs.first; ; pause = Math.min(pauseMs.most, pause * 1.5)) {
    await wait(pause);
    try {
      const reason = await look();
      if (reason !== undefined) return reason;
      failures = 0;
    } catch (error) {
      if (++failures >= MOST_FAILURES) throw error;
    }
  }
}
