export type { Arena, ArenaOptions, Candidate, RefreshPlan } from './arena-types.ts';
export type {
  CoefficientResult,
  CoefficientSettings,
  Dimension,
  SearchCoefficientsOptions,
} from './coefficient-types.ts';
export { evolve } from './evolve.ts';
export type { EvolveOptions, EvolveResult, EvolverSettings, SearchDraws } from './evolver-types.ts';
export { type ExamplesByOutcome, examplesByOutcome, type ScoredExamples } from './examples-by-outcome.ts';
export { openArena } from './open-arena.ts';
export { searchCoefficients } from './search-coefficients.ts';
export type {
  CandidateRecord,
  InitialRecord,
  Judge,
  JudgeOptions,
  SearchBudget,
  SearchEnd,
  SearchEvent,
  SearchReport,
  SearchSetting,
  SearchSpending,
  SearchState,
  SearchStore,
} from './search-types.ts';
