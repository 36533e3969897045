export { findStatistics } from './find/find-statistics.ts';
export { checkStatistics, findShortEntry, type ShortEntry, type StatisticsSubject } from './format/check-statistics.ts';
export { checkValues } from './format/check-values.ts';
export { isStatisticsPath, STATISTICS_FOLDER, statisticsPath } from './format/file-name.ts';
export { type ReadStatisticsOptions, readStatistics } from './format/read-statistics.ts';
export { weightsSha256 } from './format/weights-identity.ts';
export { estimateTokens, guessTokens } from './gather/estimate-tokens.ts';
export {
  type GatheringOrigin,
  type GatherOptions,
  type GatherProgress,
  gatherStatistics,
} from './gather/gather.ts';
export {
  estimateSeconds,
  expectedShapes,
  type GatheringLimits,
  type GatheringPlan,
  planGathering,
  plannedLayout,
} from './gather/plan-gathering.ts';
export type { WrittenStatistics } from './gather/statistics-writer.ts';
export type { StorageType } from './gather/store-means.ts';
export type { Contribution, Measure, MeasuredEntry, MeasuredModel, Measurement, RunFeeds } from './measure.ts';
export { findMeasure, MEASURES } from './measures/index.ts';
export { openMeasuredModel, taskOfModel } from './open-measured-model.ts';
