export { type Batch, planBatches } from './batches.ts';
export { type Dataset, type DatasetSource, type LoadDatasetOptions, loadDataset } from './dataset.ts';
export { attentionMask, type EncodedDataset, sliceBatch } from './encoded-dataset.ts';
export { labelNames, type MatchedLabels, matchLabels } from './labels.ts';
export { longestInput } from './longest-input.ts';
export { requireOneModel } from './model-per-task.ts';
export { type Answers, packAnswers } from './paired/answers.ts';
export { type Difference, INTERVAL_LEVEL, isBetter } from './paired/difference.ts';
export { openPairedScores, type PairedDataset, type PairedScores } from './paired/open-paired-scores.ts';
export type { BatchTensors } from './protocol.ts';
export { openRace } from './racing/open-race.ts';
export type { Race, RaceBatch, RaceBatches, RaceOptions, RaceTrace, Standing, Verdict } from './racing/race-types.ts';
export { RisingBar } from './racing/rising-bar.ts';
export { verdictOf } from './racing/verdict-of.ts';
export { registerEvaluation } from './register.ts';
export { requireRuntime } from './require-runtime.ts';
export { openScorer, score } from './scorer.ts';
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
export { scoringEnvironment } from './scoring-environment.ts';
export { type TokenisedDataset, type TokeniseOptions, tokenise } from './tokenise.ts';
