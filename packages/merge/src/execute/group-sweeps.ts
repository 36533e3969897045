import type { Group, MethodProgram, Sweep } from '@hubfuse/plugin';
import type { WorkerPool } from '@hubfuse/tensors';
import type { MergePlan } from '../plan/merge-plan.ts';
import type { FoundBefore } from './found-before.ts';
import type { Homes } from './homes.ts';
import { inOrder } from './in-order.ts';
import type { MergeJob } from './merge-worker.ts';
import { runSweepInWorkers } from './run-sweep.ts';
import type { SweptBy } from './swept-by.ts';
import { type BlockReference, runsOf } from './units.ts';

/** How far a pass of a sweep has come, in scalars. */
export interface PassProgress {
  sweep: string;
  done: number;
  total: number;
}

export interface GroupSweepsOptions {
  program: MethodProgram;
  pool: WorkerPool;
  group: Group;
  /** All blocks of the group. */
  blocks: readonly BlockReference[];
  /** The tensor that is the group; absent: the whole model. */
  tensor?: number | undefined;
  before?: FoundBefore | undefined;
  /** Where each block is at home; absent: it goes to whoever is free. */
  homes?: { homes: Homes; plan: MergePlan } | undefined;
  /** Learns who sweeps which blocks; absent: nobody asks. */
  sweptBy?: SweptBy | undefined;
  onPass?(progress: PassProgress): void;
}

/** The results of all sweeps of a method over one group, which the workers share. */
export async function groupSweeps(options: GroupSweepsOptions): Promise<unknown[]> {
  const { program, group, blocks, tensor, before } = options;
  const known = before?.entries(group, tensor) ?? [];
  const likely = before?.likely(group, tensor) ?? [];
  const results: unknown[] = [];
  for (const [index, sweep] of program.sweeps.entries()) {
    const pass = (_: Sweep, state: unknown, taken: readonly BlockReference[]) =>
      onePass({ ...options, sweep, index, state }, taken);
    const run = { group, blocks, previous: results, known: known[index], likely: likely[index], pass };
    results.push(await runSweepInWorkers(sweep, run));
  }
  before?.keep(group, results, tensor);
  return results;
}

/** Maps the blocks and reduces the partials in order. */
async function onePass(
  options: GroupSweepsOptions & { sweep: Sweep; index: number; state: unknown },
  blocks: readonly BlockReference[],
): Promise<unknown> {
  const { pool, sweep, index, state, homes, sweptBy, onPass } = options;
  const total = blocks.reduce((sum, block) => sum + block.length, 0);
  let done = 0;
  let reduced: unknown;
  const runs = runsAtHome(sweep, blocks, { at: homes, workers: pool.size });
  await inOrder({
    items: runs,
    // Those of one worker come before those of the next one: all must be waiting, so that nobody is idle.
    parallel: homes === undefined ? pool.size : runs.length,
    start: ({ run, home }) => {
      const job: MergeJob = { kind: 'sweep', sweep: index, state, blocks: run };
      return pool.run<unknown>(job, { place: home, taken: (worker) => sweptBy?.note(run, worker) });
    },
    finish: (partial, { run }) => {
      reduced = reduced === undefined ? partial : sweep.reduce(reduced, partial);
      done += run.reduce((sum, block) => sum + block.length, 0);
      onPass?.({ sweep: sweep.name, done, total });
    },
  });
  return reduced;
}

/** Runs with the worker that is to have each. Where neighbours may be grouped otherwise, no run is of two workers. */
function runsAtHome(
  { exact }: Sweep,
  blocks: readonly BlockReference[],
  { at, workers }: { at: GroupSweepsOptions['homes']; workers: number },
): { run: readonly BlockReference[]; home?: number }[] {
  if (at === undefined) {
    const runs = runsOf(blocks);
    // A sample is less than a run each: all would wait for one of them.
    const shared = exact === true && runs.length < workers ? slices(blocks, workers) : runs;
    return shared.map((run) => ({ run }));
  }
  const { homes, plan } = at;
  if (exact !== true) return runsOf(blocks).map((run) => ({ run, home: homes.of(plan, run[0] as BlockReference) }));
  return homes.divide(plan, blocks).flatMap((own, home) => runsOf(own).map((run) => ({ run, home })));
}

function slices(blocks: readonly BlockReference[], count: number): (readonly BlockReference[])[] {
  const length = Math.ceil(blocks.length / count);
  return Array.from({ length: Math.ceil(blocks.length / length) }, (_, i) =>
    blocks.slice(i * length, (i + 1) * length),
  );
}
