import type { Candidate } from '@hubfuse/evolve';
import type { Genealogy } from '@hubfuse/merge';
import type { Recipe } from '@hubfuse/recipe';
import type { RunPlan } from '../run-plan.ts';
import type { CandidateSpace } from './candidate-space.ts';
import { individualsOf } from './evolve-models.ts';

/** What a search starts from: every individual, the merge of the models as they are, or the recipe's coefficients. */
export function initialCandidates(options: {
  plan: RunPlan;
  /** Whether a single individual is the result. */
  alone: boolean;
  space: CandidateSpace | undefined;
}): Candidate[] {
  const { plan, alone, space } = options;
  if (space !== undefined) return [{ plan: space.planAt(space.dimensions.map(({ start }) => start)) }];
  if (!alone) return [{ plan: plan.merge }];
  return individualsOf(plan.merge).map((_, individual) => ({
    plan: plan.merge,
    genealogy: originalIndividual(plan.recipe, individual),
  }));
}

/** A model as it is: an evolution without steps. */
function originalIndividual({ evolve, seed }: Recipe, individual: number): Genealogy {
  if (evolve === undefined) throw new Error('only a recipe that evolves has individuals');
  const { mode, scale, crossover, update, exclude } = evolve;
  return { seed, mode, scale, crossover, update, dtype: 'F32', exclude, steps: [], individual };
}
