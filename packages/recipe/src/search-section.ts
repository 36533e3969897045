/** What a search may spend. Whichever ends first ends it, cleanly and with the best so far. */
export interface SearchBudget {
  /** Candidates that are scored, the starting ones included. */
  evaluations?: number | undefined;
  /** Examples that are scored, over all candidates. */
  examples?: number | undefined;
  /** Seconds of search (`time`), those before an interruption included. */
  seconds?: number | undefined;
}

/** How an offspring arises: by a difference of two others (the paper), or by blending with one (the authors' code). */
export type EvolveMode = 'differential' | 'blend';

/**
 * How the reference of a blend is chosen among the others: any of them, the best, or the best with a probability that
 * falls to 0 towards the last generation (the authors' code).
 */
export type EvolveReference = 'random' | 'best' | 'adaptive';

/** Statistics that are gathered anew for individuals that evolution has changed: Gram matrices, or Fisher information. */
export type RefreshedStatistics = 'grams' | 'fisher';

/** The `evolve:` block: the models themselves evolve, alone or in front of the merge method. */
export interface EvolveSection {
  /** Default `differential`. */
  mode: EvolveMode;
  /** Times that every individual has an offspring. Default 15. */
  generations: number;
  /** Factor of the difference, or share of the reference in a blend. Default 0.5. */
  scale: number;
  /** Share of an offspring's scalars that change. Default 0.5. */
  crossover: number;
  /** Only for a blend. Default `adaptive` for Evolver alone and `random` in front of a merge method. */
  reference: EvolveReference;
  /**
   * `steady`: an accepted offspring takes its parent's place at once (the authors); `synchronous`: at the end of the
   * generation, so that its offspring can be scored side by side. Default `steady`.
   */
  update: 'steady' | 'synchronous';
  /** Order of the individuals in a generation. Default `fixed` for Evolver alone and `random` in front of a merge method. */
  order: 'fixed' | 'random';
  /** The individuals: the models themselves. */
  population: 'models';
  /** Parts of names of tensors that do not evolve. Default none. */
  exclude: readonly string[];
  /** Absent: a method that reads statistics reads those of the original models, as the authors do. */
  refresh?: RefreshedStatistics | undefined;
  budget: SearchBudget;
  /** Where the block stands: `evolve`, or `merge_method` where defaults hold. */
  path: string;
}

/** Parameters that a search varies together. */
export interface SearchedParameter {
  /** Name of a number of the merge method. */
  parameter: string;
  /** One value for each model, or one for all. */
  per: 'model' | 'merge';
  /** Values over the depth of the model: 1, or as many as the gradient has. */
  layers: number;
  /** Parts of tensor names that get values of their own, before the rest. */
  filters: readonly string[];
  /** Ends of the range, both allowed. */
  range: readonly [minimum: number, maximum: number];
  /** Where it stands: `search.over[0]`. */
  path: string;
}

/** The `search:` block: coefficients of the merge method are searched by CMA-ES. */
export interface SearchSection {
  over: readonly SearchedParameter[];
  /** Candidates of one generation. Absent: by the number of coefficients. */
  population?: number | undefined;
  /** First step as a share of each range. Default 1/6. */
  step: number;
  /**
   * What follows when the search has converged: alternating large and small populations, growing ones, or the end.
   * Default `bipop`.
   */
  restarts: 'bipop' | 'ipop' | 'none';
  /** `evaluations` is 100 by default. */
  budget: SearchBudget & { evaluations: number };
}
