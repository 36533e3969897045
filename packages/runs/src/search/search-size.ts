import type { Recipe } from '@hubfuse/recipe';
import type { PlannedGathering, PlannedModelStatistics } from '../statistics/statistics-plan.ts';

/** Individuals that have changed are kept in float32. */
const FLOAT32_BYTES = 4;

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
  /** Statistics that are gathered anew for what evolution has changed, where the recipe wants that. */
  refresh?: {
    /** The most times that a model is measured: once for each candidate, and for each model of the result. */
    gatherings: number;
    /** Rough estimate of one time, from the size of the data. */
    seconds: number;
    /** Bytes of the disk, at most: files of the population and of a candidate, and the model that is measured. */
    diskBytes: number;
  };
}

/** The size of a recipe's search; undefined where it has none. */
export function searchSize(options: {
  recipe: Pick<Recipe, 'evolve' | 'search' | 'models'>;
  /** Whether the result is an individual, each of which is scored first, or one merge of all of them. */
  alone: boolean;
  coefficients: number;
  /** Of the models, in their order. */
  statistics?: readonly (PlannedModelStatistics | undefined)[] | undefined;
  /** Scalars of one model. */
  parameters: number;
}): SearchSize | undefined {
  const { recipe, alone, coefficients, statistics, parameters } = options;
  const { evolve, search, models } = recipe;
  if (evolve === undefined && search === undefined) return undefined;
  const initial = evolve !== undefined && alone ? models.length : 1;
  const evaluations = (evolve?.budget ?? search?.budget)?.evaluations ?? Number.POSITIVE_INFINITY;
  const wanted = evolve === undefined ? Number.POSITIVE_INFINITY : evolve.generations * models.length;
  const candidates = Math.max(0, Math.min(wanted, evaluations - initial));
  const planned = (statistics ?? []).flatMap((one) => one?.refresh ?? []);
  return {
    kind: evolve === undefined ? 'coefficients' : 'evolution',
    ...{ initial, candidates, coefficients },
    ...(planned.length === 0 ? {} : { refresh: refreshSize(planned, { candidates, parameters }) }),
  };
}

function refreshSize(
  planned: readonly PlannedGathering[],
  { candidates, parameters }: { candidates: number; parameters: number },
): NonNullable<SearchSize['refresh']> {
  const files = planned.reduce((sum, { fileBytes }) => sum + fileBytes, 0);
  const written = Math.max(...planned.map(({ diskBytes }) => diskBytes));
  return {
    gatherings: candidates + Math.min(candidates, planned.length),
    seconds: planned.reduce((sum, { seconds }) => sum + seconds, 0) / planned.length,
    diskBytes: files + written + FLOAT32_BYTES * parameters,
  };
}
