import { formatBytes, formatDuration } from './units.ts';

/** `Runs are deleted 30 days after their end; the latest 100 are kept.` */
export function describeRetention({ days, runs }: { days?: number; runs?: number }): string {
  const after =
    days === undefined ? undefined : `Runs are deleted ${days === 1 ? 'a day' : `${days} days`} after their end`;
  const kept = runs === undefined ? undefined : `of those that have ended the latest ${runs} are kept`;
  if (after === undefined) return kept === undefined ? '' : `O${kept.slice(1)}.`;
  return `${after}${kept === undefined ? '' : `; ${kept}`}.`;
}

/** What a run may spend: `2 h of work, 8.0 GiB of memory`; undefined where there is no limit. */
export function describeLimits(limits: { seconds?: number; memory?: number; disk?: number } = {}): string | undefined {
  const { seconds, memory, disk } = limits;
  const parts = [
    ...(seconds === undefined ? [] : [`${formatDuration(seconds)} of work`]),
    ...(memory === undefined ? [] : [`${formatBytes(memory)} of memory`]),
    ...(disk === undefined ? [] : [`${formatBytes(disk)} of disk`]),
  ];
  return parts.length === 0 ? undefined : parts.join(', ');
}
