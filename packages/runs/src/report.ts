import type { Difference, ScoringEnvironment } from '@hubfuse/evaluate';
import type { GateResult } from '@hubfuse/recipe';
import type { RunCost } from './cost/spending.ts';
import type { SearchSummary } from './search/search-summary.ts';

export type { Difference };

/** What came of a run: stored as `report.json`. Scores are fractions. */
export interface RunReport {
  run: string;
  name: string;
  /** Merge method. */
  method: string;
  /** The folder that holds the merged model. */
  folder: string;
  files: readonly { path: string; size: number; sha256: string }[];
  /** How the merge was found, where it was searched for. */
  search?: SearchSummary;
  scores?: ScoreTable;
  gate?: GateReport;
  /** One entry per publisher; empty where nothing was to be published or the gate was not met. */
  published: readonly Published[];
  /** What it cost where it ran. Absent in reports of an older version. */
  cost?: RunCost;
  warnings: readonly string[];
}

/** A publication. */
export interface Published {
  /** Key under `publish` of the recipe: `hub`, or a publisher's name. */
  publisher: string;
  /** Address of the model page, pull request or copy. */
  url: string;
  /** Commit, etag or version of what was published. */
  revision: string;
  /** True where an earlier attempt had published the same content already. */
  already: boolean;
  /** How it came to the Hub: a branch that was not hubfuse's turns a commit into a pull request. */
  as?: 'commit' | 'pull_request';
}

/** Scores of the merged model and of what it is compared with. */
export interface ScoreTable {
  task: string;
  metric: string;
  /** Columns, in the order of the recipe. */
  datasets: readonly ScoreColumn[];
  /** The merged model first, then its parents in the recipe's order, base, average, ensemble, published. */
  rows: readonly ScoreRow[];
  /** Where they were computed. */
  environment?: ScoringEnvironment;
}

export interface ScoreColumn {
  name: string;
  /** Datasets `out` of the domain are no part of the mean. */
  domain: 'in' | 'out';
  /** Number of examples per split that was scored. */
  examples: { dev?: number; test?: number };
}

/**
 * What a row is. `published`: the model that the target of the publication holds now; `candidate`: the chosen variant of
 * a method in a comparison.
 */
export type ScoreRole = 'merged' | 'candidate' | 'parent' | 'base' | 'average' | 'ensemble' | 'published';

export interface ScoreRow {
  name: string;
  role: ScoreRole;
  /** Scores that choices and the gate read. */
  dev?: SplitScores;
  /** Scores for the report. */
  test?: SplitScores;
  /** The merged model's mean minus this row's, with the paired 95 % interval; absent for the merged model itself. */
  difference?: { dev?: Difference; test?: Difference };
}

export interface SplitScores {
  /** Fractions by dataset name. */
  datasets: Readonly<Record<string, number>>;
  /** Plain mean over the in-domain datasets. */
  mean: number;
  /** Plain mean over the out-of-domain datasets, where there are any. */
  outOfDomainMean?: number;
}

/** Outcome of the condition for publishing, with the development figures that decided. */
export interface GateReport extends GateResult {
  /** The condition as the recipe writes it. */
  condition: string;
}
