import { isDivisible } from '@hubfuse/merge';
import type { PhaseName } from '../phase.ts';
import type { RunState } from '../run.ts';
import type { RunPlan } from '../run-plan.ts';

/** Steps that wait for or work with all children of a run; what follows the last of them is done by one. */
const SHARED: ReadonlySet<PhaseName> = new Set(['resolve', 'search', 'merge']);

/** Whether anything is before a run that its children share. */
export function isShared({ phases }: Pick<RunState, 'phases'>): boolean {
  return phases.some(({ name, status }) => status !== 'done' && SHARED.has(name));
}

/** Of these steps in their order, those for which all children are there. */
export function untilShared<T extends { phase: PhaseName | 'start' }>(phases: readonly T[]): readonly T[] {
  const last = phases.findLastIndex(({ phase }) => phase !== 'start' && SHARED.has(phase));
  return phases.slice(0, last + 1);
}

/**
 * Whether children of a run share its search: generations whose candidates are known together. Of a steady population the next
 * candidate is known only when the one before it is decided on, and so it is with coefficients in part.
 */
export function isSharedSearch({ recipe, statistics }: Pick<RunPlan, 'recipe' | 'statistics'>): boolean {
  return recipe.evolve?.update === 'synchronous' && statistics === undefined;
}

/** Whether children of a run share its merge. */
export function isSharedMerge({ merge }: Pick<RunPlan, 'merge'>): boolean {
  return isDivisible(merge);
}
