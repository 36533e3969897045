export type { Arena, ArenaOptions, Candidate } from './arena-types.ts';
export type {
  CoefficientResult,
  CoefficientSettings,
  Dimension,
  SearchCoefficientsOptions,
} from './coefficient-types.ts';
export type { EvolveOptions, EvolveResult, EvolverSettings } from './evolver-types.ts';
export type {
  CandidateRecord,
  InitialRecord,
  Judge,
  SearchBudget,
  SearchEnd,
  SearchEvent,
  SearchReport,
  SearchSetting,
  SearchSpending,
  SearchState,
  SearchStore,
} from './search-types.ts';
