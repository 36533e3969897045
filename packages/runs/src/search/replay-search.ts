import type { SearchState, SearchStore } from '@hubfuse/evolve';
import type { ModelStatistics, Registry } from '@hubfuse/plugin';
import { candidateSpace } from './candidate-space.ts';
import { evolveModels } from './evolve-models.ts';
import type { FoundSearch } from './found-search.ts';
import { searchNumbers } from './search-numbers.ts';
import { budgetOf } from './search-settings.ts';
import type { SearchedPlan } from './searched-plan.ts';

/** Finds again what a search had found, from its decisions: nothing is scored, so any machine finds the same. */
export async function replaySearch(options: {
  plan: SearchedPlan;
  /** Folder of each model of the plan. */
  folders: readonly string[];
  /** Of the models, in their order, for a method that reads some. */
  statistics?: readonly ModelStatistics[] | undefined;
  registry: Registry;
  shardSize?: number | undefined;
  decisions: SearchState;
  signal?: AbortSignal | undefined;
}): Promise<FoundSearch> {
  const { plan, folders, statistics, registry, shardSize, decisions, signal } = options;
  const setting = {
    store: readOnly(decisions),
    identity: decisions.identity,
    environment: decisions.environment,
    budget: budgetOf(plan.recipe),
    replay: true,
    signal,
  };
  if (plan.recipe.search !== undefined) {
    const space = await candidateSpace({ plan, folders, statistics, registry, shardSize });
    return await searchNumbers({ plan, space, setting });
  }
  const alone = registry.get('method', plan.recipe.method).evolves === true;
  return await evolveModels({ plan, alone, setting });
}

function readOnly(decisions: SearchState): SearchStore {
  return {
    load: async () => JSON.stringify(decisions),
    save: async () => {},
  };
}
