import { listAll } from '@hubfuse/objects';
import { type ObjectStore, ResourceError } from '@hubfuse/plugin';
import { changeJson } from '../store/change-json.ts';
import { serviceKeys } from '../store/keys-of-store.ts';

/** Something whose runs of a day are counted. */
export interface QuotaSubject {
  /** Tells subjects apart: `key:<id>`, `recipe:<name>`. */
  id: string;
  /** What messages call it. */
  name: string;
  /** Runs that may start on one day. */
  perDay: number;
}

/** A run, and all that it counts for. */
export interface CountedRun {
  store: ObjectStore;
  subjects: readonly QuotaSubject[];
  runId: string;
  /** Milliseconds since 1970. */
  now: number;
}

interface Started {
  /** Ids of the runs of this day. */
  runs: readonly string[];
}

/** Kept for a while, so that a person can look. */
const KEPT_DAYS = 7;
const DAY_MS = 86_400_000;

/** The day of a moment in UTC: `2026-11-30`. */
export function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

/** When the next day begins. */
export function nextDay(time: number): number {
  return (Math.floor(time / DAY_MS) + 1) * DAY_MS;
}

/**
 * Counts a run for all subjects or for none. Counting the same run again changes nothing, and any number of processes
 * together never go beyond a limit.
 * @throws ResourceError `service/runs-per-day`
 */
export async function countRun({ store, subjects, runId, now }: CountedRun): Promise<void> {
  const counted: QuotaSubject[] = [];
  for (const subject of subjects) {
    const fits = await add({ store, subject, runId, day: dayOf(now) });
    if (fits) {
      counted.push(subject);
      continue;
    }
    await uncountRun({ store, subjects: counted, runId, now });
    throw new ResourceError({
      code: 'service/runs-per-day',
      message: `${subject.name} has started its ${subject.perDay} runs of ${dayOf(now)}`,
      hint: `the next one may start at ${new Date(nextDay(now)).toISOString()}`,
    });
  }
}

/** Takes back a run that was counted and could not be made. */
export async function uncountRun({ store, subjects, runId, now }: CountedRun): Promise<void> {
  for (const { id } of subjects) {
    await changeJson<Started>({ store, key: serviceKeys.quota(dayOf(now), id) }, (started) =>
      started?.runs.includes(runId) ? { runs: started.runs.filter((run) => run !== runId) } : undefined,
    );
  }
}

/** Removes the counts of days long gone. */
export async function pruneQuotas(store: ObjectStore, now: number): Promise<void> {
  const oldest = dayOf(now - KEPT_DAYS * DAY_MS);
  for await (const key of listAll(store, serviceKeys.quotas)) {
    // Keys are sorted by day.
    if (key.slice(serviceKeys.quotas.length) >= oldest) return;
    await store.delete(key);
  }
}

async function add(options: {
  store: ObjectStore;
  subject: QuotaSubject;
  runId: string;
  day: string;
}): Promise<boolean> {
  const { store, subject, runId, day } = options;
  const changed = await changeJson<Started>({ store, key: serviceKeys.quota(day, subject.id) }, (started) => {
    const runs = started?.runs ?? [];
    return runs.includes(runId) || runs.length >= subject.perDay ? undefined : { runs: [...runs, runId] };
  });
  return changed?.value.runs.includes(runId) ?? false;
}
