import type { MergePlan, PlannedTensor } from './merge-plan.ts';
import { withTensors } from './with-tensors.ts';

/** Scalars of activations keep their type, since what is computed of them is rounded to it. */
const SCALAR = 1;

/**
 * A plan of the same values, rounded as they would be published, whose half-precision tensors are stored as float32: onnxruntime
 * then maps them, where it would widen them anew in each session that opens them.
 */
export function planCandidate(plan: MergePlan): MergePlan {
  const tensors = plan.tensors.map((tensor): PlannedTensor => {
    const { dtype, rule, parts, length } = tensor;
    const isHalf = (dtype === 'F16' || dtype === 'BF16') && length > SCALAR;
    const widens = isHalf && !(rule === 'copy' && parts[0]?.dtype === dtype);
    return widens ? { ...tensor, dtype: 'F32', rounding: dtype } : tensor;
  });
  return withTensors(plan, tensors);
}
