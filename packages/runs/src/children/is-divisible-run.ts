import { isDivisible } from '@hubfuse/merge';
import type { PhaseName } from '../phase.ts';
import type { RunPlan } from '../run-plan.ts';

/** Phases that read whole models. */
const READING: ReadonlySet<PhaseName> = new Set(['gather', 'search', 'evaluate']);

/** Whether no machine needs all inputs of a run where several share it: its models are merged, and none of them is scored. */
export function isDivisibleRun({ phases, merge }: Pick<RunPlan, 'phases' | 'merge'>): boolean {
  return isDivisible(merge) && !phases.some((phase) => READING.has(phase));
}
