import type { Draft } from './draft-tensors.ts';
import { layOut } from './layout.ts';
import type { MergePlan, PlannedTensor } from './merge-plan.ts';

/** The plan with other tensors, all of them in one file. */
export function withTensors(plan: MergePlan, drafts: readonly Draft[]): MergePlan {
  const { tensors, outputs } = layOut({ tensors: drafts, metadata: plan.metadata, shardSize: undefined });
  const { index: _, ...rest } = plan;
  return {
    ...rest,
    tensors: tensors.map(({ tensor, place }): PlannedTensor => ({ ...tensor, ...place })),
    outputs,
    totals: { ...plan.totals, writeBytes: outputs.reduce((sum, { size }) => sum + size, 0) },
  };
}
