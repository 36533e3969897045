import { layOut } from './layout.ts';
import type { MergePlan, PlannedTensor } from './merge-plan.ts';

/**
 * A plan of the same values, rounded as they would be published, whose half-precision tensors are stored as float32: onnxruntime
 * then maps them, where it would widen them anew in each session that opens them.
 */
export function planCandidate(plan: MergePlan): MergePlan {
  const drafts = plan.tensors.map((tensor): PlannedTensor => {
    const { dtype, rule, parts } = tensor;
    const widens = (dtype === 'F16' || dtype === 'BF16') && !(rule === 'copy' && parts[0]?.dtype === dtype);
    return widens ? { ...tensor, dtype: 'F32', rounding: dtype } : tensor;
  });
  const { metadata } = plan;
  const { tensors, outputs } = layOut({ tensors: drafts, metadata, shardSize: undefined });
  const { index: _, ...rest } = plan;
  return {
    ...rest,
    tensors: tensors.map(({ tensor, place }): PlannedTensor => ({ ...tensor, ...place })),
    outputs,
    totals: { ...plan.totals, writeBytes: outputs.reduce((sum, { size }) => sum + size, 0) },
  };
}
