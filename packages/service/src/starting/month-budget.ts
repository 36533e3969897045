import { formatUsd, type ObjectStore, ResourceError } from '@hubfuse/plugin';
import { isActive, type RunState, readRunState } from '@hubfuse/runs';
import { changeJson } from '../store/change-json.ts';
import { serviceKeys } from '../store/keys-of-store.ts';

/** A recipe whose runs share the dollars of a month. */
export interface MonthBudget {
  store: ObjectStore;
  /** Tells recipes apart: `recipe:<name>`. */
  subject: string;
  /** What messages call it. */
  name: string;
  usdPerMonth: number;
  runId: string;
  /** Milliseconds since 1970. */
  now: number;
}

/** What the runs of a month hold of its dollars, by their ids. */
interface Spending {
  runs: Readonly<Record<string, number>>;
}

/** The month of a moment in UTC: `2026-11`. */
export function monthOf(time: number): string {
  return new Date(time).toISOString().slice(0, 7);
}

/**
 * Gives a run what the others of its recipe have left over of this month, at most `most`. One that has ended holds what it cost; one
 * that is planned what it is expected to cost at most; one that is not, all that it was given. Any number of processes together
 * never give away more than there is.
 * @returns the dollars that the run may cost
 * @throws ResourceError `service/usd-per-month`
 */
export async function allotMonth(budget: MonthBudget, most = Number.POSITIVE_INFINITY): Promise<number> {
  const { store, usdPerMonth, runId } = budget;
  const key = keyOf(budget);
  const states = new Map<string, RunState | undefined>();
  let left = 0;
  for (let known = -1; known !== states.size; ) {
    known = states.size;
    let unread: string[] = [];
    const changed = await changeJson<Spending>({ store, key }, (spending) => {
      const others = Object.entries(spending?.runs ?? {}).filter(([id]) => id !== runId);
      unread = others.map(([id]) => id).filter((id) => !states.has(id));
      if (unread.length > 0) return undefined;
      const held = others.map(([id, allotted]) => [id, holds(states.get(id), allotted)] as const);
      left = usdPerMonth - held.reduce((sum, [, usd]) => sum + usd, 0);
      // A run that is deleted later goes on to hold what was written last.
      return { runs: Object.fromEntries(left > 0 ? [...held, [runId, Math.min(most, left)]] : held) };
    });
    for (const id of unread) states.set(id, await stateOf(store, id));
    if (unread.length > 0) continue;
    if (left > 0) return changed?.value.runs[runId] ?? Math.min(most, left);
  }
  throw exhausted(budget, left);
}

/** Takes back what was given to a run that could not be made. */
export async function returnToMonth(budget: MonthBudget): Promise<void> {
  await changeJson<Spending>({ store: budget.store, key: keyOf(budget) }, (spending) => {
    if (spending?.runs[budget.runId] === undefined) return undefined;
    return { runs: Object.fromEntries(Object.entries(spending.runs).filter(([id]) => id !== budget.runId)) };
  });
}

function keyOf({ now, subject }: MonthBudget): string {
  return serviceKeys.spending(monthOf(now), subject);
}

function holds(state: RunState | undefined, allotted: number): number {
  if (state === undefined) return allotted;
  const { spentUsd = 0, estimatedUsd } = state.cost ?? {};
  if (!isActive(state.status)) return spentUsd;
  return Math.max(spentUsd, estimatedUsd === undefined ? allotted : Math.min(allotted, estimatedUsd.high));
}

function stateOf(store: ObjectStore, runId: string): Promise<RunState | undefined> {
  return readRunState({ store, runId }).catch(() => undefined);
}

function exhausted({ name, usdPerMonth, now }: MonthBudget, left: number): ResourceError {
  const [year = 0, month = 0] = monthOf(now).split('-').map(Number);
  const next = new Date(Date.UTC(year, month, 1)).toISOString();
  return new ResourceError({
    code: 'service/usd-per-month',
    where: 'limits.usd_per_month',
    message:
      `${name} may cost ${formatUsd(usdPerMonth)} in ${monthOf(now)}, and its runs have cost or hold ` +
      `${formatUsd(usdPerMonth - left)} of that`,
    hint: `the next one may start at ${next}, when a run ends that cost less than it holds, or with a higher limit; limits.usd keeps one run from holding all`,
  });
}
