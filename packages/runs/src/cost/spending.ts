import { FREE_LAUNCHER, FREE_MACHINE, isVerified, type Tariff } from '@hubfuse/plugin';

/** Requests that write to the store while a run works: a sign of life every two seconds, events and progress beside it. */
export const WRITES_PER_SECOND = 0.6;

/** What a run has cost so far, as its state keeps it. Counted from the clock of its executions; a bill may differ. */
export interface RunCost {
  /** Name of the launcher, and of the machine that works on it now or did last. */
  launcher: string;
  machine: string;
  /** Such machines that began it together; absent where it was one. */
  machines?: number;
  /** Dollars so far, over all executions. */
  spentUsd: number;
  /** Whether every price in it has a source and a date. */
  verified: boolean;
  /** True where it worked on a machine whose price nobody knows, which is not counted. */
  unpriced?: true;
  /** Expected in all, once the plan is made; absent where no price is known. */
  estimatedUsd?: { low: number; expected: number; high: number };
  /** Dollars that have to be left over when its search ends. */
  reserveUsd?: number;
}

/** Dollars for each second that a worker works; undefined where the price is not known. */
export function usdPerSecond({ machineHour, writes }: Tariff): number | undefined {
  if (machineHour === undefined) return undefined;
  return machineHour.usd / 3600 + ((writes?.usd ?? 0) / 1000) * WRITES_PER_SECOND;
}

/** Dollars for a machine before its worker does anything. */
export function usdToStart({ machineHour, machine }: Tariff): number {
  return ((machineHour?.usd ?? 0) / 3600) * machine.startSeconds;
}

/** Dollars for what leaves for the Hub. */
export function usdToSend(tariff: Tariff | undefined, { outputs }: { outputs: readonly { size: number }[] }): number {
  const bytes = outputs.reduce((sum, { size }) => sum + size, 0);
  return ((tariff?.sent?.usd ?? 0) * bytes) / 1e9;
}

/** The account of a run whose execution begins on a machine: what was spent before stays. */
export function beginSpending(before: RunCost | undefined, tariff: Tariff | undefined, machines = 1): RunCost {
  if (tariff === undefined) {
    // On this machine nothing is added to what another one has cost.
    return { spentUsd: 0, verified: true, ...before, launcher: FREE_LAUNCHER, machine: FREE_MACHINE };
  }
  const prices = [tariff.machineHour, tariff.writes, tariff.sent].filter((price) => price !== undefined);
  return {
    ...before,
    launcher: tariff.launcher,
    machine: tariff.machine.name,
    ...(machines > 1 ? { machines } : {}),
    spentUsd: (before?.spentUsd ?? 0) + usdToStart(tariff) * machines,
    ...(tariff.machineHour === undefined ? { unpriced: true } : {}),
    verified: (before?.verified ?? true) && tariff.machineHour !== undefined && prices.every(isVerified),
  };
}
