import type { MethodProgram } from '@hubfuse/plugin';
import type { WorkerPool } from '@hubfuse/tensors';
import type { MergePlan } from '../plan/merge-plan.ts';
import type { FoundBefore } from './found-before.ts';
import { groupSweeps, type PassProgress } from './group-sweeps.ts';
import type { Homes } from './homes.ts';
import type { SweptBy } from './swept-by.ts';
import { elementsOf, statisticsBlocks } from './units.ts';

/** The sweeps of a method whose statistics run over the whole model; none for others. */
export async function wholeModelSweeps(options: {
  plan: MergePlan;
  program: MethodProgram;
  pool: WorkerPool;
  before?: FoundBefore | undefined;
  homes?: Homes | undefined;
  sweptBy?: SweptBy | undefined;
  onPass?(pass: PassProgress): void;
}): Promise<unknown[]> {
  const { plan, program, pool, before, homes, sweptBy, onPass } = options;
  if (program.scope !== 'model' || program.sweeps.length === 0) return [];
  const blocks = statisticsBlocks(plan);
  const group = { length: elementsOf(blocks), models: plan.models, parameters: plan.groupParameters };
  return groupSweeps({
    ...{ program, pool, group, blocks, before, sweptBy, homes: homes && { homes, plan } },
    ...(onPass === undefined ? {} : { onPass }),
  });
}
