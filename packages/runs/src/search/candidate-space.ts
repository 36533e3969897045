import type { Dimension } from '@hubfuse/evolve';
import { type MergePlan, planMerge } from '@hubfuse/merge';
import type { ModelStatistics, Registry } from '@hubfuse/plugin';
import { recipeAt, searchSpace } from '@hubfuse/recipe';
import { localMergeInput } from './local-merge-inputs.ts';
import type { SearchedPlan } from './searched-plan.ts';

/** Coefficients to search and the plan at each of their values. */
export interface CandidateSpace {
  dimensions: readonly Dimension[];
  planAt(point: readonly number[]): MergePlan;
}

/** The search space of a plan whose models lie on this disk. */
export async function candidateSpace(options: {
  plan: SearchedPlan;
  /** Folder of each model of the plan. */
  folders: readonly string[];
  /** Of the models, in their order, for a method that reads some. */
  statistics?: readonly ModelStatistics[] | undefined;
  registry: Registry;
  shardSize?: number | undefined;
}): Promise<CandidateSpace> {
  const { plan, folders, statistics, registry, shardSize } = options;
  const { recipe } = plan;
  const method = registry.get('method', recipe.method);
  const inputs = await Promise.all(
    plan.models.map(async (model, index) => ({
      role: model.role,
      input: await localMergeInput(model, folders[index] ?? ''),
    })),
  );
  const base = inputs.find(({ role }) => role === 'base')?.input;
  const models = inputs
    .filter(({ role }) => role === 'model')
    .map(({ input }, index) => ({ ...input, statistics: statistics?.[index] }));
  return {
    dimensions: searchSpace({ recipe, method }).map(({ name, minimum, maximum, start }) => {
      return { name, low: minimum, high: maximum, start };
    }),
    planAt: (point) =>
      planMerge({
        recipe: recipeAt({ recipe, point }),
        ...(base === undefined ? {} : { base }),
        models,
        registry,
        shardSize,
      }),
  };
}
