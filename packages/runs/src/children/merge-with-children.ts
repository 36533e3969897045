import {
  type ExecuteMergeOptions,
  executeDividedMerge,
  isDivisible,
  type MergePlan,
  type MergeResult,
} from '@hubfuse/merge';
import type { PhaseContext } from '../phase.ts';
import type { RunPlan } from '../run-plan.ts';
import { withScratchFolder } from '../scratch-folder.ts';
import { hasChildren, leadChildren } from './lead-children.ts';
import { MERGE_GROUP, openMergeCrew, openMergeHelper } from './merge-tasks.ts';
import { TaskBoard } from './task-board.ts';

/** Whether the children of a run share its merge. */
export function sharesMerge(context: Pick<PhaseContext, 'execution'>, plan: MergePlan): boolean {
  return hasChildren(context) && isDivisible(plan);
}

/** Executes a merge with all children: the bytes of `executeMerge`. Weights are read by whoever does a part. */
export async function mergeWithChildren(
  { context, plan }: { context: PhaseContext; plan: RunPlan },
  options: ExecuteMergeOptions,
): Promise<MergeResult> {
  const { execution, hub, spec, signal } = context;
  return await withScratchFolder(
    execution.workspace,
    async (scratch) =>
      await leadChildren({
        context,
        open: async (group, job) => {
          if (!group.startsWith(MERGE_GROUP)) return undefined;
          const board = new TaskBoard({ store: execution.store, runId: spec.id });
          return await openMergeHelper({ board, job, plan, execution, hub, scratch, signal });
        },
        lead: async ({ desk, board, children }) => {
          const { crew, parts } = await openMergeCrew({
            ...{ desk, board, children },
            plan: options.plan,
            genealogy: options.genealogy,
          });
          return await executeDividedMerge({ ...options, crew, parts });
        },
      }),
    spec.id,
  );
}
