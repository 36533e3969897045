import { type Arena, type EvolveResult, evolve, type SearchSetting } from '@hubfuse/evolve';
import type { Genealogy, MergePlan } from '@hubfuse/merge';
import { type EvolveSection, recipeError } from '@hubfuse/recipe';
import type { FoundSearch } from './found-search.ts';
import { evolverSettings, settingsShown } from './search-settings.ts';
import { type SearchSummary, summaryOf } from './search-summary.ts';
import type { SearchedPlan } from './searched-plan.ts';

/** Everything that both kinds of search are told alike. */
export type CommonSetting = Omit<SearchSetting<unknown>, 'judge'>;

/** Names of the individuals, in the order of the plan. */
export function individualsOf({ inputs }: MergePlan): string[] {
  return inputs.filter(({ role }) => role === 'model').map(({ name }) => name);
}

/** Evolves the models of a plan. Without an arena, stored decisions are replayed and nothing is scored. */
export async function evolveModels(options: {
  plan: SearchedPlan;
  /** Whether a single individual is the result, and no merge of the population. */
  alone: boolean;
  arena?: Arena | undefined;
  setting: CommonSetting;
}): Promise<FoundSearch> {
  const { plan, alone, arena, setting } = options;
  const { recipe } = plan;
  const models = individualsOf(plan.merge);
  const result = await evolve({
    ...setting,
    models,
    merged: !alone,
    settings: evolverSettings(sectionOf(plan), recipe.seed),
    judge: async (genealogy: Genealogy, bar) => await required(arena).judge({ plan: plan.merge, genealogy }, bar),
  });
  const { genealogy } = result;
  const summary = summaryOf(result, {
    kind: 'evolution',
    settings: settingsShown(recipe),
    seed: recipe.seed,
    ...refreshedBy(plan, result),
    ...(genealogy.individual === undefined ? {} : { individual: models[genealogy.individual] ?? '' }),
  });
  return { genealogy, summary };
}

function refreshedBy(
  { recipe }: SearchedPlan,
  { candidates, genealogy }: EvolveResult,
): Pick<SearchSummary, 'refreshed'> {
  const statistics = recipe.evolve?.refresh;
  if (statistics === undefined) return {};
  const individuals = new Set(genealogy.steps.map(({ individual }) => individual)).size;
  return { refreshed: { statistics, candidates: candidates.length, individuals } };
}

function sectionOf({ recipe }: SearchedPlan): EvolveSection {
  if (recipe.evolve !== undefined) return recipe.evolve;
  throw recipeError({ recipe, path: 'evolve', code: 'recipe/missing-key', message: 'the recipe does not evolve' });
}

/** A replay scores nothing; asking for a score there is a defect of the engine. */
export function required(arena: Arena | undefined): Arena {
  if (arena === undefined) throw new Error('a replayed search asked for a score');
  return arena;
}
