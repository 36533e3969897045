import type { RunPlan } from '../run-plan.ts';

/** What a search reads of a plan. */
export type SearchedPlan = Pick<RunPlan, 'recipe' | 'merge' | 'models'>;
