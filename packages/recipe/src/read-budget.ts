import type { Field } from './fields.ts';
import { readDuration } from './read-duration.ts';
import type { SearchBudget } from './search-section.ts';

/** Keys of `evolve` and `search` that say what may be spent. */
export const BUDGET_KEYS = ['evaluations', 'examples', 'time'] as const;

/** What a search may spend. Nothing at all is a mistake: it would end before it began. */
export function readBudget(field: Field): SearchBudget {
  const time = field.get('time');
  return {
    evaluations: field.get('evaluations')?.integer({ minimum: 1 }),
    examples: field.get('examples')?.integer({ minimum: 1 }),
    seconds: time === undefined ? undefined : readDuration(time),
  };
}
