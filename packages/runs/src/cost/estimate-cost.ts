import { FREE_LAUNCHER, FREE_MACHINE, isVerified, type Price, type Tariff } from '@hubfuse/plugin';
import { publishTargets } from '../publication/publish-targets.ts';
import type { RunPlan } from '../run-plan.ts';
import { estimateTime, searchStartSeconds, type TimedPlan, type TimeEstimate } from './estimate-time.ts';
import { NOTHING, type Range, scaled, sumOf } from './range.ts';
import { WRITES_PER_SECOND } from './spending.ts';

const GB = 1e9;

/** One item of a bill. */
export interface CostItem {
  what: string;
  /** How much of it. */
  quantity: Range;
  unit: Price['per'];
  usd: Range;
  /** Whether its price has a source and a date. */
  verified: boolean;
  source?: string;
  date?: string;
}

/** What a run is expected to cost. Plain data. */
export interface CostEstimate {
  launcher: string;
  machine: string;
  /** Absent where the machine's price is not known. Zeros where it costs nothing. */
  usd?: Range;
  /** What has to be paid before a search has chosen anything, and for all that follows it; in a run without search, all. */
  neededUsd?: Range;
  /** What has to be left over when a search ends, for what follows it. */
  reserveUsd: number;
  /** Whether every price in the sum has a source and a date. */
  verified: boolean;
  items: readonly CostItem[];
  note?: string;
}

/** What a plan costs by a tariff; by none, on a machine that costs nothing. */
export function estimateCost(
  plan: TimedPlan & Pick<RunPlan, 'recipe'>,
  tariff: Tariff | undefined,
  time: TimeEstimate | undefined = tariff && estimateTime(plan, tariff.machine),
): CostEstimate {
  if (tariff === undefined || time === undefined) {
    const free = { launcher: FREE_LAUNCHER, machine: FREE_MACHINE, usd: NOTHING, neededUsd: NOTHING, reserveUsd: 0 };
    return { ...free, verified: true, items: [], note: 'this machine costs nothing that hubfuse knows of' };
  }
  const { launcher, machine, machineHour, note } = tariff;
  const common = { launcher, machine: machine.name, ...(note === undefined ? {} : { note }) };
  if (machineHour === undefined) return { ...common, reserveUsd: 0, verified: false, items: [] };
  const items = itemsOf({ plan, tariff, seconds: time.seconds });
  const usd = sumOf(items.map((item) => item.usd));
  const search = time.phases.findIndex(({ phase }) => phase === 'search');
  const before = search < 0 ? [] : time.phases.slice(0, search).map(({ seconds }) => seconds);
  const after = search < 0 ? [] : time.phases.slice(search + 1).map(({ seconds }) => seconds);
  const all = (seconds: Range) => sumOf(itemsOf({ plan, tariff, seconds }).map((item) => item.usd));
  return {
    ...common,
    usd,
    neededUsd: search < 0 ? usd : all(sumOf([...before, searchStartSeconds(plan, machine), ...after])),
    reserveUsd: search < 0 ? 0 : all(sumOf(after)).high,
    verified: items.every(({ verified }) => verified),
    items,
  };
}

function itemsOf(options: {
  plan: Pick<TimedPlan, 'recipe' | 'phases' | 'bytes'>;
  tariff: Tariff;
  seconds: Range;
}): CostItem[] {
  const { plan, tariff, seconds } = options;
  const { machineHour, writes, sent } = tariff;
  const sentBytes = plan.phases.includes('publish') && publishTargets(plan.recipe).some(({ name }) => name === 'hub');
  const amount = sentBytes ? plan.bytes.output / GB : 0;
  return [
    ...(machineHour === undefined ? [] : [item(machineHour, scaled(billed(seconds, tariff), 1 / 3600))]),
    ...(writes === undefined ? [] : [item(writes, scaled(seconds, WRITES_PER_SECOND / 1000))]),
    ...(sent === undefined || amount === 0 ? [] : [item(sent, { low: 0, expected: amount, high: amount })]),
  ];
}

/** Whole multiples of what is billed at a time. */
function billed({ low, expected, high }: Range, { billedSeconds }: Tariff): Range {
  const whole = (seconds: number) => Math.ceil(seconds / billedSeconds) * billedSeconds;
  return { low: whole(low), expected: whole(expected), high: whole(high) };
}

function item(price: Price, quantity: Range): CostItem {
  const { what, usd, per, source, date } = price;
  return {
    ...{ what, quantity, unit: per, usd: scaled(quantity, usd), verified: isVerified(price) },
    ...(source === undefined ? {} : { source }),
    ...(date === undefined ? {} : { date }),
  };
}
