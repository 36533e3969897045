import type { ObjectStore, Tariff } from '@hubfuse/plugin';
import { estimateTime, type RunPlan, readRun, usdPerSecond } from '@hubfuse/runs';

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
  { tariff, plan }: { tariff: Tariff; plan?: RunPlan | undefined },
): Promise<number | undefined> {
  const { spec, state } = await readRun({ store, runId });
  const { seconds, usd } = state.limits ?? spec.limits;
  const rate = usdPerSecond(tariff);
  const left = [
    ...(seconds === undefined ? [] : [seconds - (state.workedSeconds ?? 0)]),
    ...(usd === undefined || rate === undefined || rate === 0
      ? []
      : [secondsFor(usd - (state.cost?.spentUsd ?? 0), { rate, tariff, plan })]),
  ];
  return left.length === 0 ? undefined : Math.ceil(Math.max(0, Math.min(...left)) + GRACE_SECONDS);
}

/** Seconds that so many dollars pay for: of all machines that share a run, but for what one does alone at its end. */
function secondsFor(
  usd: number,
  { rate, tariff, plan }: { rate: number; tariff: Tariff; plan: RunPlan | undefined },
): number {
  const { machines = 1, machine } = tariff;
  const phases = machines === 1 || plan === undefined ? [] : estimateTime(plan, machine, machines).phases;
  const alone = phases.reduce((sum, step) => (step.machines === 1 ? sum + step.seconds.high : sum), 0);
  const paid = Math.min(alone, usd / rate);
  return paid + (usd - paid * rate) / (rate * machines);
}
