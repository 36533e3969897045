import { UsageError } from '@hubfuse/plugin';
import type { SearchBudget } from './search-types.ts';

/** @throws UsageError where a budget leaves nothing to do */
export function checkBudget(budget: SearchBudget): void {
  for (const [name, value] of Object.entries(budget) as [keyof SearchBudget, number | undefined][]) {
    const whole = name === 'seconds' || Number.isInteger(value);
    if (value === undefined || (value > 0 && whole)) continue;
    throw new UsageError({
      code: 'evolve/empty-budget',
      where: name,
      message: `a budget of ${value} ${name} is no search`,
      hint: name === 'seconds' ? 'give a positive number' : 'give a positive whole number',
    });
  }
}
