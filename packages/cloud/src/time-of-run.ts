import type { ObjectStore, Tariff } from '@hubfuse/plugin';
import { readRun, usdPerSecond } from '@hubfuse/runs';

/**
 * Seconds beyond the limits of a run that its machine may take: the run ends by itself first, with its reason stored and a search
 * with its best. The time-out is for a worker that cannot.
 */
const GRACE_SECONDS = 600;

/**
 * Seconds after which whoever executes the run may end its machine: what is left of `limits.time`, or of `limits.usd` at this
 * tariff. Undefined without either.
 */
export async function timeOfRun(
  store: ObjectStore,
  runId: string,
  { tariff, machines = 1 }: { tariff: Tariff /** That work on it together. Default 1. */; machines?: number },
): Promise<number | undefined> {
  const { spec, state } = await readRun({ store, runId });
  const { seconds, usd } = state.limits ?? spec.limits;
  const rate = usdPerSecond(tariff);
  const left = [
    ...(seconds === undefined ? [] : [seconds - (state.workedSeconds ?? 0)]),
    ...(usd === undefined || rate === undefined || rate === 0
      ? []
      : [(usd - (state.cost?.spentUsd ?? 0)) / (rate * machines)]),
  ];
  return left.length === 0 ? undefined : Math.ceil(Math.max(0, Math.min(...left)) + GRACE_SECONDS);
}
