import { Cron } from 'croner';

/** Rounds up to the next second, because a moment is not its own past. */
const SECOND_MS = 1_000;

/** The last moment up to `now`, that included, at which a schedule asks for a run; milliseconds since 1970. */
export function lastDue(schedule: string, now: number): number | undefined {
  const cron = new Cron(schedule, { paused: true, timezone: 'UTC', mode: '5-part' });
  const [last] = cron.previousRuns(1, new Date(now + SECOND_MS));
  return last?.getTime();
}
