export type { Dataset, DatasetSource, LoadDatasetOptions } from './dataset.ts';
export type {
  EnsembleInput,
  ModelFolder,
  ModelInput,
  ModelParts,
  ScoreOptions,
  ScoreProgress,
  Scorer,
  ScorerOptions,
} from './scorer-types.ts';
export type { DatasetScore, ExampleResult, Scores, ScoringEnvironment } from './scores.ts';
