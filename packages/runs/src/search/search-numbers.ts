import { type Arena, searchCoefficients } from '@hubfuse/evolve';
import { recipeError, type SearchSection } from '@hubfuse/recipe';
import type { CandidateSpace } from './candidate-space.ts';
import { type CommonSetting, required } from './evolve-models.ts';
import type { FoundSearch } from './found-search.ts';
import { coefficientSettings, settingsShown } from './search-settings.ts';
import { summaryOf } from './search-summary.ts';
import type { SearchedPlan } from './searched-plan.ts';

/** Searches numbers of a plan's method. Without an arena, stored decisions are replayed and nothing is scored. */
export async function searchNumbers(options: {
  plan: SearchedPlan;
  space: CandidateSpace;
  arena?: Arena | undefined;
  setting: CommonSetting;
}): Promise<FoundSearch> {
  const { plan, space, arena, setting } = options;
  const { recipe } = plan;
  const result = await searchCoefficients({
    ...setting,
    dimensions: space.dimensions,
    settings: coefficientSettings(sectionOf(plan), recipe.seed),
    judge: async (point: readonly number[], bar) => await required(arena).judge({ plan: space.planAt(point) }, bar),
  });
  const coefficients = space.dimensions.map(({ name, start }, index) => {
    return { name, start, value: result.point[index] ?? Number.NaN };
  });
  const shown = { settings: settingsShown(recipe), seed: recipe.seed };
  return {
    merge: space.planAt(result.point),
    summary: summaryOf(result, { kind: 'coefficients', ...shown, coefficients }),
  };
}

function sectionOf({ recipe }: SearchedPlan): SearchSection {
  if (recipe.search !== undefined) return recipe.search;
  throw recipeError({ recipe, path: 'search', code: 'recipe/missing-key', message: 'the recipe searches nothing' });
}
