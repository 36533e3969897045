import { UsageError } from './errors.ts';
import type { Tariff } from './tariff.ts';

/** Reads the tariff that a launcher hands its worker as JSON. @throws UsageError `usage/tariff` */
export function parseTariff(text: string): Tariff {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw unusable(`is no JSON: ${(cause as Error).message}`, cause);
  }
  const { launcher, machine, machines, billedSeconds, machineHour, writes, sent } = (value ?? {}) as Record<
    string,
    unknown
  >;
  if (typeof launcher !== 'string') throw unusable('names no launcher');
  const { name, vcpus, networkBytesPerSecond, startSeconds } = (machine ?? {}) as Record<string, unknown>;
  if (typeof name !== 'string') throw unusable('names no machine');
  for (const number of [vcpus, networkBytesPerSecond, startSeconds, billedSeconds]) {
    if (typeof number !== 'number' || !(number >= 0)) throw unusable('has a machine without its figures');
  }
  if (machines !== undefined && !(Number.isInteger(machines) && Number(machines) > 0)) {
    throw unusable('has a number of machines that is none');
  }
  for (const price of [machineHour, writes, sent]) {
    if (price === undefined) continue;
    const { what, usd } = (price ?? {}) as Record<string, unknown>;
    if (typeof what !== 'string' || typeof usd !== 'number' || !(usd >= 0)) throw unusable('has a price that is none');
  }
  return value as Tariff;
}

function unusable(what: string, cause?: unknown): UsageError {
  return new UsageError({
    code: 'usage/tariff',
    message: `the tariff ${what}`,
    hint: 'launchers write it themselves; leave it out on a machine of your own',
    cause,
  });
}
