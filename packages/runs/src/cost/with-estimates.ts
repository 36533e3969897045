import { availableParallelism } from 'node:os';
import { FREE_MACHINE, type PricedMachine, type Tariff } from '@hubfuse/plugin';
import type { RunPlan } from '../run-plan.ts';
import { type CostEstimate, estimateCost } from './estimate-cost.ts';
import { estimateTime, type TimeEstimate } from './estimate-time.ts';
import { ASSUMED_NETWORK } from './throughput.ts';

/** A plan with the time and the dollars that it is expected to take where it is meant to run; by no tariff on this machine. */
export function withEstimates(
  plan: RunPlan,
  { tariff, workers }: { tariff?: Tariff | undefined; workers?: number | undefined },
): RunPlan & { time: TimeEstimate; cost: CostEstimate } {
  const machine: PricedMachine = tariff?.machine ?? {
    name: FREE_MACHINE,
    vcpus: workers ?? availableParallelism(),
    networkBytesPerSecond: ASSUMED_NETWORK,
    startSeconds: 0,
  };
  const time = estimateTime(plan, machine, tariff?.machines);
  return { ...plan, time, cost: estimateCost(plan, tariff, time) };
}
