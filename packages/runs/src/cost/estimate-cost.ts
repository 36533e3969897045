import { FREE_LAUNCHER, FREE_MACHINE, isVerified, type Price, type Tariff } from '@hubfuse/plugin';
import { publishTargets } from '../publication/publish-targets.ts';
import type { RunPlan } from '../run-plan.ts';
import {
  estimateTime,
  type PhaseTime,
  searchStartSeconds,
  type TimedPlan,
  type TimeEstimate,
} from './estimate-time.ts';
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
  /** Such machines that share the run; absent where it is one. */
  machines?: number;
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
  time: TimeEstimate | undefined = tariff && estimateTime(plan, tariff.machine, tariff.machines),
): CostEstimate {
  if (tariff === undefined || time === undefined) {
    const free = { launcher: FREE_LAUNCHER, machine: FREE_MACHINE, usd: NOTHING, neededUsd: NOTHING, reserveUsd: 0 };
    return { ...free, verified: true, items: [], note: 'this machine costs nothing that hubfuse knows of' };
  }
  const { launcher, machine, machineHour, note } = tariff;
  const several = time.machines > 1 ? { machines: time.machines } : {};
  const common = { launcher, machine: machine.name, ...several, ...(note === undefined ? {} : { note }) };
  if (machineHour === undefined) return { ...common, reserveUsd: 0, verified: false, items: [] };
  const items = itemsOf({ plan, tariff, steps: time.phases });
  const usd = sumOf(items.map((item) => item.usd));
  const search = time.phases.findIndex(({ phase }) => phase === 'search');
  const before = search < 0 ? [] : time.phases.slice(0, search);
  const after = search < 0 ? [] : time.phases.slice(search + 1);
  const begun = { seconds: searchStartSeconds(plan, machine), machines: time.machines };
  const all = (steps: readonly Step[]) => sumOf(itemsOf({ plan, tariff, steps }).map((item) => item.usd));
  return {
    ...common,
    usd,
    neededUsd: search < 0 ? usd : all([...before, begun, ...after]),
    reserveUsd: search < 0 ? 0 : all(after).high,
    verified: items.every(({ verified }) => verified),
    items,
  };
}

/** Seconds, and machines that are paid meanwhile. */
type Step = Pick<PhaseTime, 'seconds' | 'machines'>;

function itemsOf(options: {
  plan: Pick<TimedPlan, 'recipe' | 'phases' | 'bytes'>;
  tariff: Tariff;
  steps: readonly Step[];
}): CostItem[] {
  const { plan, tariff, steps } = options;
  const seconds = sumOf(steps.map((step) => scaled(step.seconds, step.machines)));
  const { machineHour, writes, sent } = tariff;
  const sentBytes = plan.phases.includes('publish') && publishTargets(plan.recipe).some(({ name }) => name === 'hub');
  const amount = sentBytes ? plan.bytes.output / GB : 0;
  return [
    ...(machineHour === undefined ? [] : [item(machineHour, scaled(billedOf(steps, tariff), 1 / 3600))]),
    ...(writes === undefined ? [] : [item(writes, scaled(seconds, WRITES_PER_SECOND / 1000))]),
    ...(sent === undefined || amount === 0 ? [] : [item(sent, { low: 0, expected: amount, high: amount })]),
  ];
}

/** Seconds of all machines that are billed: one is there for every step, others for as long as something is shared. */
function billedOf(steps: readonly Step[], tariff: Tariff): Range {
  const most = Math.max(1, ...steps.map(({ machines }) => machines));
  const shared = sumOf(steps.filter(({ machines }) => machines > 1).map(({ seconds }) => seconds));
  const whole = billed(sumOf(steps.map(({ seconds }) => seconds)), tariff);
  return most === 1 ? whole : sumOf([whole, scaled(billed(shared, tariff), most - 1)]);
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
