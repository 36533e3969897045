import { isDivisible } from '@hubfuse/merge';
import type { PlanWarning, RunPlan } from '../run-plan.ts';

/** What of a recipe that wants several workers only one of them will do, beside what is never shared. */
export function computeWarnings({ recipe, merge }: Pick<RunPlan, 'recipe' | 'merge'>): PlanWarning[] {
  const { compute, evolve, search } = recipe;
  if ((compute?.children ?? 1) === 1) return [];
  const warnings: string[] = [];
  if (search !== undefined) warnings.push('one worker judges all candidates of a search over numbers');
  if (evolve !== undefined && evolve.update !== 'synchronous') {
    warnings.push(
      'one worker judges all candidates of a steady evolution: set evolve.update to synchronous to share them',
    );
  } else if (evolve !== undefined && merge.statistics.length > 0) {
    warnings.push(`one worker judges all candidates, since ${recipe.method} reads statistics of its models`);
  }
  if (!isDivisible(merge)) {
    const why = merge.tasks === undefined ? 'reads statistics of its models' : 'yields a model per task';
    warnings.push(`one worker merges: ${recipe.method} ${why}`);
  }
  return warnings.map((message) => ({ code: 'compute/not-shared', message, where: 'compute.children' }));
}
