import type { PricedMachine } from '@hubfuse/plugin';
import { estimateTime, isDivisibleRun, type RunPlan } from '@hubfuse/runs';

/**
 * How many workers a run gets: as many as its recipe says, else one, unless a merge needs more disk than any machine has, or more
 * time than the run may work; then as few as do.
 */
export function chooseChildren(options: {
  plan: RunPlan | undefined;
  /** Whether some machine has what each of so many workers needs. */
  fits(children: number): boolean;
  /** What a worker runs on. */
  machine: PricedMachine;
  /** Seconds that the run may work. */
  seconds: number | undefined;
  /** More than this it never gets, unless its recipe says so. */
  most: number;
}): number {
  const { plan, fits, machine, seconds, most } = options;
  const asked = plan?.recipe.compute?.children;
  if (asked !== undefined || plan === undefined || !isDivisibleRun(plan)) return asked ?? 1;
  const inTime = Math.max(1, seconds === undefined ? 1 : childrenInTime({ plan, machine, seconds, most }));
  for (let children = inTime; children <= most; children = more(children)) {
    if (fits(children)) return children;
  }
  // The error that names what every machine lacks is that of one worker.
  return 1;
}

/** The least number of workers that are expected to be done in time; 1 where no number is. */
function childrenInTime(options: { plan: RunPlan; machine: PricedMachine; seconds: number; most: number }): number {
  const { plan, machine, seconds, most } = options;
  for (let children = 1; children <= most; children = more(children)) {
    if (estimateTime(plan, machine, children).seconds.expected <= seconds) return children;
  }
  return 1;
}

/** The next number that is tried: every small one, and of large ones some. */
function more(children: number): number {
  return children < 8 ? children + 1 : children * 2;
}
