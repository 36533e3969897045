import type { CoefficientSettings, EvolverSettings, SearchBudget } from '@hubfuse/evolve';
import type { EvolveSection, Recipe, SearchSection } from '@hubfuse/recipe';
import type { SearchSummary } from './search-summary.ts';

/** The settings of an evolution as the engine takes them. */
export function evolverSettings(section: EvolveSection, seed: number): EvolverSettings {
  const { mode, generations, scale, crossover, reference, update, order, exclude } = section;
  return { seed, mode, generations, scale, crossover, reference, update, order, exclude };
}

/** The settings of a search for coefficients as the engine takes them. */
export function coefficientSettings(section: SearchSection, seed: number): CoefficientSettings {
  const { population, step, restarts, budget } = section;
  return { seed, population, sigma: step, restarts, evaluations: budget.evaluations };
}

export function budgetOf({ evolve, search }: Pick<Recipe, 'evolve' | 'search'>): SearchBudget {
  const { evaluations, examples, seconds } = evolve?.budget ?? search?.budget ?? {};
  return { evaluations, examples, seconds };
}

/** The settings in effect, as a recipe writes them, without what is neither given nor known beforehand. */
export function settingsShown({ evolve, search }: Pick<Recipe, 'evolve' | 'search'>): SearchSummary['settings'] {
  const { seconds, ...amounts } = evolve?.budget ?? search?.budget ?? {};
  const budget = { ...amounts, ...(seconds === undefined ? {} : { time: `${seconds}s` }) };
  const own =
    evolve === undefined
      ? {
          over: search?.over.map(({ parameter }) => parameter),
          population: search?.population,
          restarts: search?.restarts,
        }
      : evolveShown(evolve);
  const known = Object.entries({ ...own, ...budget }).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  return Object.fromEntries(known);
}

function evolveShown(section: EvolveSection): SearchSummary['settings'] {
  const { mode, generations, scale, crossover, reference, update, order, exclude, refresh } = section;
  const common = { mode, generations, scale, crossover, update, order };
  return {
    ...common,
    ...(mode === 'blend' ? { reference } : {}),
    ...(exclude.length === 0 ? {} : { exclude }),
    ...(refresh === undefined ? {} : { refresh }),
  };
}
