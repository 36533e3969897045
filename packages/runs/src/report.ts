import type { ScoringEnvironment } from '@hubfuse/evaluate';
import type { PublishResult } from '@hubfuse/hub';
import type { RunStatus } from './run.ts';

/** What came of a run: stored as `report.json`. Scores are fractions. */
export interface RunReport {
  run: string;
  name: string;
  /** Merge method. */
  method: string;
  status: RunStatus;
  /** The folder that holds the merged model. */
  folder: string;
  files: readonly { path: string; size: number; sha256: string }[];
  scores?: ScoreTable;
  gate?: GateReport;
  /** One entry per publisher; empty where nothing was to be published or the gate was not met. */
  published: readonly ({ publisher: string } & PublishResult)[];
  warnings: readonly string[];
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

/** What a row is. `published`: the model that the target of the publication holds now. */
export type ScoreRole = 'merged' | 'parent' | 'base' | 'average' | 'ensemble' | 'published';

export interface ScoreRow {
  name: string;
  role: ScoreRole;
  /** Scores that choices and the gate read. */
  dev?: SplitScores;
  /** Scores for the report. */
  test?: SplitScores;
}

export interface SplitScores {
  /** Fractions by dataset name. */
  datasets: Readonly<Record<string, number>>;
  /** Plain mean over the in-domain datasets. */
  mean: number;
  /** Plain mean over the out-of-domain datasets, where there are any. */
  outOfDomainMean?: number;
}

/** Outcome of the condition for publishing, with the figures that decided. */
export interface GateReport {
  /** The condition as the recipe writes it. */
  condition: string;
  met: boolean;
  /** Each comparison with the figures of both sides, in words. */
  explanation: string;
  /** Development figures by name, those that the condition reads. */
  values: Readonly<Record<string, number>>;
}
