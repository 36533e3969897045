import type { MergePlan, PlannedTensor } from './merge-plan.ts';
import { withTensors } from './with-tensors.ts';

/**
 * A plan of the same values, rounded as they would be published, whose half-precision tensors are stored as float32: onnxruntime
 * then maps them, where it would widen them anew in each session that opens them.
 */
export function planCandidate(plan: MergePlan): MergePlan {
  const tensors = plan.tensors.map((tensor): PlannedTensor => {
    const { dtype, rule, parts } = tensor;
    const widens = (dtype === 'F16' || dtype === 'BF16') && !(rule === 'copy' && parts[0]?.dtype === dtype);
    return widens ? { ...tensor, dtype: 'F32', rounding: dtype } : tensor;
  });
  return withTensors(plan, tensors);
}
