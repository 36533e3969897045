import { formatUsd, ResourceError } from '@hubfuse/plugin';
import type { RunLimits } from '@hubfuse/recipe';
import type { CostEstimate } from '../cost/estimate-cost.ts';
import type { RunCost } from '../cost/spending.ts';

/**
 * Refuses a run that is expected to cost more than it may, before it costs anything. Of a search only its starting points count:
 * it ends where its money does.
 * @throws ResourceError `run/usd-limit`, `run/no-price`
 */
export function checkExpectedCost(options: {
  runId: string;
  limits: RunLimits;
  estimate: CostEstimate;
  /** Dollars that it has cost already. */
  spentUsd?: number | undefined;
}): void {
  const { runId, limits, estimate, spentUsd = 0 } = options;
  const { usd: limit } = limits;
  if (limit === undefined) return;
  const { neededUsd, machine, launcher, verified } = estimate;
  if (neededUsd === undefined) {
    throw new ResourceError({
      code: 'run/no-price',
      where: 'limits.usd',
      message: `the run "${runId}" may cost ${formatUsd(limit)}, and nobody knows the price of ${machine} (${launcher})`,
      hint: 'remove limits.usd, or run it on a machine whose price is known',
    });
  }
  if (spentUsd + neededUsd.expected <= limit) return;
  const before = spentUsd > 0 ? `has cost ${formatUsd(spentUsd)} and ` : '';
  const search = estimate.reserveUsd > 0 ? ', its search not counted' : '';
  throw new ResourceError({
    code: 'run/usd-limit',
    where: 'limits.usd',
    message:
      `the run "${runId}" ${before}is expected to cost ${formatUsd(neededUsd.expected)} ` +
      `(${formatUsd(neededUsd.low)} to ${formatUsd(neededUsd.high)}) on ${machine}${search}, and may cost ${formatUsd(limit)}`,
    hint: `raise limits.usd, or merge fewer or smaller models${verified ? '' : '; the prices are not verified'}`,
  });
}

/** The error of a run that has cost as much as it may. */
export function usdExceeded(runId: string, { usd = 0 }: RunLimits, { spentUsd, machine }: RunCost): ResourceError {
  return new ResourceError({
    code: 'run/usd-limit',
    where: 'limits.usd',
    message: `the run "${runId}" has cost ${formatUsd(spentUsd)} so far, the last of it on ${machine}, and may cost ${formatUsd(usd)}`,
    hint: 'raise limits.usd and retry the run: it continues where it was',
  });
}
