import type { Group, Sweep } from '@hubfuse/plugin';
import { type BlockReference, sampleOf, sampleStride } from './units.ts';

/** What a sweep is run over. `Total` is a promise where the passes run in worker threads. */
export interface SweepRun<Total> {
  group: Group;
  blocks: readonly BlockReference[];
  /** Results of the sweeps before. */
  previous: readonly unknown[];
  /** Entries of the result that are known already, by model; absent: none. */
  known?: readonly unknown[] | undefined;
  /** Entries that may be near those that are not known. */
  likely?: readonly unknown[] | undefined;
  /** Maps and reduces the blocks that are taken: all of them, or pieces of a sample. */
  pass(sweep: Sweep, state: unknown, taken: readonly BlockReference[]): Total;
}

/** The passes of one sweep: what to take next, until it yields its result. Fed with the total of each pass. */
export function* sweepPasses(
  sweep: Sweep,
  { group, blocks, previous, known, likely }: Omit<SweepRun<unknown>, 'pass'>,
): Generator<{ state: unknown; taken: readonly BlockReference[] }, unknown, unknown> {
  const { entries } = sweep;
  let state =
    entries === undefined || known === undefined ? sweep.start(previous, group) : entries.start(known, group, likely);
  if (entries?.reads(state).length === 0 || sweep.isIdle?.(state) === true) {
    const outcome = sweep.finish(undefined, state, group);
    if ('result' in outcome) return outcome.result;
  }
  const stride = sampleStride(group.length);
  if (sweep.sample !== undefined && stride > 1 && sweep.wantsSample?.(state) !== false) {
    const taken = sampleOf(blocks, stride);
    const share = taken.reduce((sum, { length }) => sum + length, 0) / group.length;
    state = sweep.sample(yield { state, taken }, state, { share, group });
  }
  for (;;) {
    const outcome = sweep.finish(yield { state, taken: blocks }, state, group);
    if ('result' in outcome) return outcome.result;
    state = outcome.again;
  }
}

/** Runs a sweep in this thread. */
export function runSweep(sweep: Sweep, run: SweepRun<unknown>): unknown {
  const passes = sweepPasses(sweep, run);
  let step = passes.next();
  while (step.done !== true) step = passes.next(run.pass(sweep, step.value.state, step.value.taken));
  return step.value;
}

/** Runs a sweep whose passes are spread over worker threads. */
export async function runSweepInWorkers(sweep: Sweep, run: SweepRun<Promise<unknown>>): Promise<unknown> {
  const passes = sweepPasses(sweep, run);
  let step = passes.next();
  while (step.done !== true) step = passes.next(await run.pass(sweep, step.value.state, step.value.taken));
  return step.value;
}
