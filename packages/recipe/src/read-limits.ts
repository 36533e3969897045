import type { Field } from './fields.ts';
import { readDuration } from './read-duration.ts';
import { readSize } from './read-size.ts';
import type { RunLimits } from './run-limits.ts';

const KEYS = ['time', 'memory', 'disk', 'runs_per_day', 'usd', 'usd_per_month'] as const;

/** The `limits:` block: what a run may spend. */
export function readLimits(field: Field): RunLimits | undefined {
  if (!field.expectMapping(KEYS)) return undefined;
  const [time, memory, disk] = [field.get('time'), field.get('memory'), field.get('disk')];
  return {
    seconds: time === undefined ? undefined : readDuration(time),
    memory: memory === undefined ? undefined : readSize(memory),
    disk: disk === undefined ? undefined : readSize(disk),
    runsPerDay: field.get('runs_per_day')?.integer({ minimum: 1 }),
    usd: field.get('usd')?.number({ above: 0 }),
    usdPerMonth: field.get('usd_per_month')?.number({ above: 0 }),
  };
}
