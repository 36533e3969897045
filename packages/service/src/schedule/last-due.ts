import { Cron } from 'croner';

const SECOND_MS = 1_000;

/**
 * The last moment after one and up to another at which a schedule asks for a run, or undefined where there is none; all in
 * milliseconds since 1970.
 */
export function lastDue(schedule: string, { after, upTo }: { after: number; upTo: number }): number | undefined {
  const cron = new Cron(schedule, { paused: true, timezone: 'UTC', mode: '5-part' });
  const next = (from: number): number => cron.nextRun(new Date(from))?.getTime() ?? Number.POSITIVE_INFINITY;
  if (next(after) > upTo) return undefined;
  // The first moment after `low` is never too late, the first after `high` always is.
  let low = Math.floor(after / SECOND_MS);
  let high = Math.floor(upTo / SECOND_MS);
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (next(middle * SECOND_MS) <= upTo) low = middle;
    else high = middle;
  }
  return next(Math.max(after, low * SECOND_MS));
}
