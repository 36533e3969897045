import { formatUsd } from '@hubfuse/plugin';
import type { CostEstimate, Range, TimeEstimate } from '@hubfuse/runs';
import { type Column, renderTable } from './terminal/table.ts';
import { formatDuration } from './units.ts';

/** The expected time of each step, between what it takes at best and at worst. */
export function describeTime(time: TimeEstimate | undefined): string[] {
  if (time === undefined) return [];
  const columns: Column[] = [
    { title: 'step' },
    { title: 'expected', align: 'right' },
    { title: 'between', align: 'right' },
    { title: 'and', align: 'right' },
    { title: 'known from' },
  ];
  const cells = ({ low, expected, high }: Range) => [expected, low, high].map(formatDuration);
  const rows = time.phases.map(({ phase, seconds, measured }) => [
    phase,
    ...cells(seconds),
    measured ? 'measurements' : 'assumptions in part',
  ]);
  return [
    `time on ${severalOf(time)}:`,
    renderTable(columns, [...rows, ['in all', ...cells(time.seconds), '']]),
    ...time.unknown.map(({ phase, reason }) => `  ${phase} is not in the sum: ${reason}`),
  ];
}

/** What a run is expected to cost, with the prices that are in it. */
export function describeCost(cost: CostEstimate | undefined): string[] {
  if (cost === undefined) return [];
  const { usd, launcher, machine, items, verified, note } = cost;
  const machines = severalOf(cost);
  if (usd === undefined) return [`cost: nobody knows the price of ${machine} (${launcher})`];
  if (items.length === 0) return [`cost: nothing${note === undefined ? '' : `: ${note}`}`];
  return [
    `cost: about ${describeRange(usd)} by ${launcher} on ${machines}${verified ? '' : ', by prices that are not verified'}`,
    ...items.map(
      (item) =>
        `  ${item.what}: ${describeRange(item.usd)}; ` +
        (item.verified ? `price of ${item.date}, ${item.source}` : 'price not verified'),
    ),
    ...(note === undefined ? [] : [`  ${note}`]),
  ];
}

function severalOf({ machine, machines = 1 }: { machine: string; machines?: number }): string {
  return machines === 1 ? machine : `${machines} x ${machine}`;
}

function describeRange({ low, expected, high }: Range): string {
  return `${formatUsd(expected)} (${formatUsd(low)} to ${formatUsd(high)})`;
}
