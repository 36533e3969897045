import type { Group, MethodProgram, Sweep } from '@hubfuse/plugin';
import type { PassProgress } from '../execute/group-sweeps.ts';
import { runSweepInWorkers } from '../execute/run-sweep.ts';
import { type BlockReference, elementsOf, statisticsBlocks } from '../execute/units.ts';
import type { MergePlan } from '../plan/merge-plan.ts';
import { divideRuns, type MergePart } from './divide-merge.ts';
import type { MergeCrew } from './merge-task.ts';

interface DividedSweepsOptions {
  plan: MergePlan;
  program: MethodProgram;
  divided: readonly MergePart[];
  /** How many parts the merge was to have. */
  parts: number;
  crew: MergeCrew;
  onPass?(progress: PassProgress): void;
}

/**
 * The results of the sweeps over the whole model, whose passes a crew shares: partials are reduced in the order of the runs, as
 * on one machine.
 */
export async function dividedSweeps(options: DividedSweepsOptions): Promise<unknown[]> {
  const { plan, program } = options;
  if (program.scope !== 'model' || program.sweeps.length === 0) return [];
  const blocks = statisticsBlocks(plan);
  const group: Group = { length: elementsOf(blocks), models: plan.models, parameters: plan.groupParameters };
  const results: unknown[] = [];
  for (const [index, sweep] of program.sweeps.entries()) {
    let number = 0;
    const pass = (_: Sweep, state: unknown, taken: readonly BlockReference[]) =>
      onePass(options, { sweep, index, number: number++, state, taken, sampled: taken !== blocks });
    results.push(await runSweepInWorkers(sweep, { group, blocks, previous: results, pass }));
  }
  return results;
}

async function onePass(
  { divided, parts, crew, onPass }: DividedSweepsOptions,
  pass: {
    sweep: Sweep;
    index: number;
    /** Of the pass within the sweep. */
    number: number;
    state: unknown;
    taken: readonly BlockReference[];
    sampled: boolean;
  },
): Promise<unknown> {
  const { sweep, index, number, state, taken, sampled } = pass;
  const total = elementsOf(taken);
  let done = 0;
  const tasks = divideRuns(divided, taken).flatMap((runs, part) => {
    if (runs.length === 0) return [];
    const name = `sweep-${index}-${number}-${part}`;
    const task = { kind: 'sweep', part, parts, sweep: index, state, sampled } as const;
    return [{ name, task, elements: elementsOf(runs.flat()) }];
  });
  const ready = tasks.map(async ({ name, task, elements }) => {
    await crew.sweep(name, task);
    done += elements;
    onPass?.({ sweep: sweep.name, done, total });
  });
  // A failure is met when its turn comes; until then it must not count as unhandled.
  for (const one of ready) one.catch(() => undefined);
  let reduced: unknown;
  // One after the other: all histograms of a large model at once would be more than its memory.
  for (const [place, { name, task }] of tasks.entries()) {
    await ready[place];
    const { partials } = await crew.swept(name, task);
    for (const partial of partials) reduced = reduced === undefined ? partial : sweep.reduce(reduced, partial);
  }
  return reduced;
}
