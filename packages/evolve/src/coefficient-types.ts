import type { SearchReport, SearchSetting } from './search-types.ts';

/** One coefficient that is searched. */
export interface Dimension {
  /** For reports, e.g. `lambda[money]`. */
  name: string;
  low: number;
  high: number;
  /** Where the search starts; it is scored first. */
  start: number;
}

export interface CoefficientSettings {
  /** Default 0. */
  seed?: number | undefined;
  /** Candidates per generation. Default 4 + floor(3 ln n). */
  population?: number | undefined;
  /** First standard deviation as a share of each dimension's range. Default 1/6. */
  sigma?: number | undefined;
  /** What follows when a search has converged: alternating large and small populations, growing ones, or the end. Default `bipop`. */
  restarts?: 'bipop' | 'ipop' | 'none' | undefined;
  /** Default 100, the start included. */
  evaluations?: number | undefined;
}

export interface SearchCoefficientsOptions extends SearchSetting<readonly number[]> {
  dimensions: readonly Dimension[];
  settings?: CoefficientSettings | undefined;
}

export interface CoefficientResult extends SearchReport {
  /** The best point seen, in the order of the dimensions. */
  point: readonly number[];
}
