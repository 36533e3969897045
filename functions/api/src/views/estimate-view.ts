import type { CostEstimate, RunCost, RunSpec, RunState, TimeEstimate } from '@hubfuse/runs';

/** The expected time as the service shows it. */
export function timeView({ machine, machines = 1, seconds, phases, unknown }: TimeEstimate) {
  return {
    ...{ machine, machines },
    seconds: { ...seconds },
    phases: phases.map((phase) => ({ ...phase, machines: phase.machines ?? 1, seconds: { ...phase.seconds } })),
    unknown: unknown.map((one) => ({ ...one })),
  };
}

/** The expected cost as the service shows it. */
export function costView({ launcher, machine, machines, usd, verified, items, note }: CostEstimate) {
  return {
    ...{ launcher, machine, verified },
    ...(machines === undefined ? {} : { machines }),
    ...(usd === undefined ? {} : { usd: { ...usd } }),
    items: items.map((item) => ({ ...item, quantity: { ...item.quantity }, usd: { ...item.usd } })),
    ...(note === undefined ? {} : { note }),
  };
}

/** What a run has cost, with its limit. */
export function runCostView(cost: RunCost, { spec, state }: { spec: RunSpec; state: RunState }) {
  const { launcher, machine, machines, spentUsd, verified, unpriced, estimatedUsd } = cost;
  const { usd: limitUsd } = state.limits ?? spec.limits;
  return {
    ...{ launcher, machine, spentUsd, verified },
    ...(machines === undefined ? {} : { machines }),
    ...(estimatedUsd === undefined ? {} : { estimatedUsd: { ...estimatedUsd } }),
    ...(limitUsd === undefined ? {} : { limitUsd }),
    ...(unpriced === undefined ? {} : { unpriced }),
  };
}
