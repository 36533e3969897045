import type { Recipe } from '@hubfuse/recipe';

/** The most that a search does, known before it begins. */
export interface SearchSize {
  kind: 'evolution' | 'coefficients';
  /** Candidates that are scored in full before the search chooses. */
  initial: number;
  /** The most candidates that are decided on after that; other budgets may end it earlier. */
  candidates: number;
  /** Numbers that are searched; 0 for an evolution. */
  coefficients: number;
  /** Development examples that a candidate is scored on, as far as the files are on this machine. */
  examples?: number;
}

/** The size of a recipe's search; undefined where it has none. */
export function searchSize(options: {
  recipe: Pick<Recipe, 'evolve' | 'search' | 'models'>;
  /** Whether the result is an individual, each of which is scored first, or one merge of all of them. */
  alone: boolean;
  coefficients: number;
}): SearchSize | undefined {
  const { recipe, alone, coefficients } = options;
  const { evolve, search, models } = recipe;
  if (evolve === undefined && search === undefined) return undefined;
  const initial = evolve !== undefined && alone ? models.length : 1;
  const evaluations = (evolve?.budget ?? search?.budget)?.evaluations ?? Number.POSITIVE_INFINITY;
  const wanted = evolve === undefined ? Number.POSITIVE_INFINITY : evolve.generations * models.length;
  return {
    kind: evolve === undefined ? 'coefficients' : 'evolution',
    initial,
    candidates: Math.max(0, Math.min(wanted, evaluations - initial)),
    coefficients,
  };
}
