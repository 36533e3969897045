/** What a run may spend; what is absent is unlimited. */
export interface RunLimits {
  /** Seconds for which it may work, over all its executions; waiting does not count (`time`). */
  seconds?: number | undefined;
  /** Bytes of memory that a merge may use (`memory`). */
  memory?: number | undefined;
  /** Bytes that it may put onto the disk: downloads, scratch files and the result (`disk`). */
  disk?: number | undefined;
  /** Runs of a stored recipe that may start on one day, counted in UTC (`runs_per_day`). */
  runsPerDay?: number | undefined;
  /** Dollars that it may cost where it runs, over all its executions (`usd`). */
  usd?: number | undefined;
  /** Dollars that the runs of a recipe may cost that start in one month, counted in UTC (`usd_per_month`). */
  usdPerMonth?: number | undefined;
}

/** The stricter of two limits, each for itself. */
export function stricterLimits(one: RunLimits, other: RunLimits): RunLimits {
  const lower = (name: keyof RunLimits): RunLimits => {
    const values = [one[name], other[name]].filter((value) => value !== undefined);
    return values.length === 0 ? {} : { [name]: Math.min(...values) };
  };
  return {
    ...{ ...lower('seconds'), ...lower('memory'), ...lower('disk'), ...lower('runsPerDay') },
    ...{ ...lower('usd'), ...lower('usdPerMonth') },
  };
}
