export { isDivisible } from './divide/divide-merge.ts';
export { type DividedMergeOptions, executeDividedMerge } from './divide/execute-divided-merge.ts';
export type { MergeCrew, MergeTask, SweptPart, WrittenPart } from './divide/merge-task.ts';
export { openPartBuilder, type PartBuilder, type PartBuilderOptions } from './divide/open-part-builder.ts';
export { fromBytes, PARTS_FORMAT, toBytes } from './divide/structured-bytes.ts';
export type { CarryOptions } from './evolution/carried-population.ts';
export { checkGenealogy } from './evolution/check-genealogy.ts';
export type { EvolutionMode, EvolutionStep, Genealogy } from './evolution/genealogy.ts';
export { planIndividual } from './evolution/individual-plan.ts';
export { type Lineage, lineageOf } from './evolution/lineage.ts';
export { type DrawMask, Replay, type ReplayOptions } from './evolution/replay.ts';
export { divideMemory, leastMemory, type MemoryDivision } from './execute/divide-memory.ts';
export {
  type ExecuteMergeOptions,
  executeMerge,
  type MergeProgress,
  type MergeResult,
} from './execute/execute-merge.ts';
export type { LayerNote } from './execute/linear-tensor.ts';
export { type Build, type BuilderOptions, keptBytes, type MergeBuilder, openBuilder } from './execute/open-builder.ts';
export { planDigest } from './execute/output-files.ts';
export { registerMethods } from './methods.ts';
export type { MergeInput } from './plan/merge-input.ts';
export type {
  DroppedTensor,
  KeptHead,
  MergePlan,
  PlannedInput,
  PlannedOutput,
  PlannedTask,
  PlannedTensor,
  TensorPart,
  TensorRule,
} from './plan/merge-plan.ts';
export { planCandidate } from './plan/plan-candidate.ts';
export { type PlanMergeOptions, planMerge } from './plan/plan-merge.ts';
export { materializeTask } from './tasks/materialize-task.ts';
export {
  type DescribedTask,
  filesOfTask,
  findTask,
  isTaskFolder,
  readTaskDescription,
  type TaskDescription,
} from './tasks/task-description.ts';
